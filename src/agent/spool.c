#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "segments.h"
#include "session.h"

enum { SEGMENTS_MAX = 128 };

static struct segment segments[SEGMENTS_MAX];
static size_t count;
static struct spool_limits limits;
static char folder[4000];
static uint64_t output_total, lost;
static bool line_open[3];

size_t segment_count(void) { return count; }
const struct segment *segment_at(size_t index) { return &segments[index]; }
bool spool_line_open(uint8_t channel) { return line_open[channel]; }

const struct segment *segment_of(uint64_t position) {
  for (size_t i = count; i-- > 0;)
    if (position >= segments[i].base) return position < segments[i].base + segments[i].size ? &segments[i] : NULL;
  return NULL;
}

static struct segment *last(void) { return &segments[count - 1]; }

uint64_t spool_end(void) { return count == 0 ? 0 : last()->base + last()->size; }

uint64_t spool_output(void) { return output_total; }

static void name_of(uint64_t base, char *path, size_t size) { snprintf(path, size, "%s/%016" PRIx64, folder, base); }

static bool add_segment(void) {
  char path[4096];
  uint64_t base = spool_end();
  name_of(base, path, sizeof path);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    complain("cannot create %s: %s", path, strerror(errno));
    return false;
  }
  segments[count++] = (struct segment){.base = base, .output = output_total, .fd = fd};
  return true;
}

static void drop_oldest(void) {
  char path[4096];
  name_of(segments[0].base, path, sizeof path);
  unlink(path);
  close(segments[0].fd);
  count--;
  memmove(segments, segments + 1, count * sizeof *segments);
}

static void empty_folder(void) {
  DIR *directory = opendir(folder);
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (strlen(entry->d_name) == 16) unlinkat(dirfd(directory), entry->d_name, 0);
  closedir(directory);
}

bool spool_open(const char *directory, struct spool_limits wanted) {
  limits = wanted;
  int length = snprintf(folder, sizeof folder, "%s/log", directory);
  if (length < 0 || (size_t)length >= sizeof folder) return false;
  mkdir(folder, 0700);
  empty_folder();
  return add_segment();
}

/* The oldest segment goes when the others and a full new one would be more than the cap. */
static bool over_cap(void) {
  return count >= 2 && (spool_end() - segments[0].base + limits.segment > limits.total || count >= SEGMENTS_MAX - 1);
}

static bool oldest_is_needed(void) {
  return spool_needed(segments[0].base + segments[0].size) && session_is_fresh();
}

bool spool_has_room(void) {
  if (last()->size < limits.segment) return true;
  while (over_cap()) {
    if (oldest_is_needed()) return false;
    drop_oldest();
  }
  return true;
}

static void count_lines(struct segment *segment, uint8_t channel, const uint8_t *data, size_t length) {
  /* A plain sum, which the compiler makes vectors of; musl's memchr under zig goes byte by byte. */
  uint32_t lines = 0;
  for (size_t i = 0; i < length; i++) lines += data[i] == '\n';
  segment->lines[channel] += lines;
  line_open[channel] = length > 0 && data[length - 1] != '\n';
}

static bool append(const struct record *record, const uint8_t *data) {
  struct segment *segment = last();
  uint8_t header[RECORD_HEADER];
  write_record(header, record);
  struct iovec vectors[2] = {{header, sizeof header}, {(void *)(uintptr_t)data, record->length}};
  size_t size = sizeof header + record->length;
  /* Disk full: a part may be written, the next record goes over it. */
  if (pwritev(segment->fd, vectors, 2, (off_t)segment->size) != (ssize_t)size) return false;
  if (segment->size == 0) segment->first_time = record->time;
  segment->size += size;
  return true;
}

static bool append_or_make_space(const struct record *record, const uint8_t *data) {
  while (!append(record, data)) {
    if (count < 2 || oldest_is_needed()) return false;
    drop_oldest();
  }
  return true;
}

void spool_write(uint8_t channel, const uint8_t *data, size_t length) {
  if (last()->size >= limits.segment && !over_cap()) add_segment();
  struct record record = {channel, (uint32_t)length, clock_wall()};
  if (lost > 0) {
    uint8_t bytes[8];
    struct writer writer = writer_to(bytes, sizeof bytes);
    write_u64(&writer, lost);
    struct record gap = {0, sizeof bytes, record.time};
    if (append_or_make_space(&gap, bytes)) lost = 0;
  }
  if (lost == 0 && append_or_make_space(&record, data)) {
    count_lines(last(), channel, data, length);
    output_total += length;
    return;
  }
  if (lost == 0) complain("cannot keep output in %s: %s", folder, strerror(errno));
  lost += length;
}
