#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "segments.h"

static struct spool_reader *readers;
static uint8_t scan_buffer[SPOOL_READ_MIN];

bool spool_needed(uint64_t position) {
  for (const struct spool_reader *reader = readers; reader != NULL; reader = reader->next)
    if (reader->keep && reader->position < position) return true;
  return false;
}

void spool_tell(void) {
  for (struct spool_reader *reader = readers, *next; reader != NULL; reader = next) {
    next = reader->next;
    reader->on_more(reader);
  }
}

static bool wants(const struct spool_reader *reader, uint8_t channel) {
  return channel == 0 || (channel <= 2 && (reader->channels >> (channel - 1) & 1) != 0);
}

/* Calls `take` for each record from the start of a segment until it says stop; the position after the last one taken. */
static uint64_t scan(const struct segment *segment, bool (*take)(void *, uint64_t position, const struct record *, const uint8_t *),
                     void *owner) {
  uint64_t offset = 0;
  while (offset < segment->size) {
    ssize_t got = pread(segment->fd, scan_buffer, sizeof scan_buffer, (off_t)offset);
    size_t at = 0, have = got < 0 ? 0 : (size_t)got;
    while (have - at >= RECORD_HEADER && offset + at < segment->size) {
      struct record record = read_record(scan_buffer + at);
      if (record.length > RECORD_MAX || have - at < RECORD_HEADER + record.length) break;
      if (!take(owner, segment->base + offset + at, &record, scan_buffer + at + RECORD_HEADER)) return segment->base + offset + at;
      at += RECORD_HEADER + record.length;
    }
    if (at == 0) break; /* damaged: treat what follows as not there */
    offset += at;
  }
  return segment->base + segment->size;
}

struct since {
  struct spool_reader *reader;
  uint64_t time;
};

static bool take_until(void *owner, uint64_t position, const struct record *record, const uint8_t *data) {
  struct since *since = owner;
  (void)position;
  (void)data;
  if (record->time >= since->time) return false;
  since->reader->passed += record->channel == 0 ? 0 : record->length;
  return true;
}

static void place_since(struct spool_reader *reader, uint64_t time) {
  size_t index = 0;
  while (index + 1 < segment_count() && segment_at(index + 1)->size > 0 && segment_at(index + 1)->first_time < time) index++;
  struct since since = {reader, time};
  reader->passed = segment_at(index)->output;
  reader->position = scan(segment_at(index), take_until, &since);
}

struct tail {
  struct spool_reader *reader;
  uint64_t skip;       /* line ends still to pass */
  uint64_t starts[3];  /* where the line that is open at the cut began, per channel */
};

static bool take_lines(void *owner, uint64_t position, const struct record *record, const uint8_t *data) {
  struct tail *tail = owner;
  if (!wants(tail->reader, record->channel) || record->channel == 0) return true;
  const uint8_t *at = data, *end = data + record->length;
  while (tail->skip > 0 && at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
    at++;
    tail->skip--;
    tail->starts[record->channel] = position + RECORD_HEADER + (uint64_t)(at - data);
  }
  return tail->skip > 0;
}

/* Counts line ends backwards by segment, then looks into one segment only. A last line without an end counts as a line. */
static void place_tail(struct spool_reader *reader, uint64_t lines) {
  uint64_t open = 0, found = 0;
  for (uint8_t channel = 1; channel <= 2; channel++)
    if (wants(reader, channel) && spool_line_open(channel)) open++;
  if (lines <= open && lines > 0) lines = open;
  uint64_t wanted = lines == 0 ? 0 : lines - open;
  size_t index = segment_count();
  while (index > 0) {
    uint64_t here = 0;
    index--;
    for (uint8_t channel = 1; channel <= 2; channel++)
      if (wants(reader, channel)) here += segment_at(index)->lines[channel];
    found += here;
    if (found > wanted || index == 0) break;
  }
  const struct segment *segment = segment_at(index);
  reader->position = segment->base;
  reader->passed = segment->output;
  if (found <= wanted) return; /* fewer lines than asked for: all */
  struct tail tail = {reader, found - wanted, {0, segment->base, segment->base}};
  scan(segment, take_lines, &tail);
  reader->from[1] = tail.starts[1];
  reader->from[2] = tail.starts[2];
}

void spool_reader_open(struct spool_reader *reader, enum output_from from, uint64_t value) {
  memset(reader->from, 0, sizeof reader->from);
  reader->position = segment_at(0)->base;
  reader->passed = segment_at(0)->output;
  if (from == FROM_SINCE) place_since(reader, value);
  if (from == FROM_TAIL && value > 0) place_tail(reader, value);
  if (from == FROM_END || (from == FROM_TAIL && value == 0)) {
    reader->position = spool_end();
    reader->passed = spool_output();
  }
  reader->next = readers;
  readers = reader;
}

void spool_reader_close(struct spool_reader *reader) {
  struct spool_reader **at = &readers;
  while (*at != NULL && *at != reader) at = &(*at)->next;
  if (*at == reader) *at = reader->next;
  if (reader->keep) process_read_on();
}

static size_t put_gap(struct spool_reader *reader, uint8_t *buffer) {
  const struct segment *oldest = segment_at(0);
  uint64_t missed = oldest->output - reader->passed;
  struct record gap = {0, 8, oldest->first_time};
  write_record(buffer, &gap);
  struct writer writer = writer_to(buffer + RECORD_HEADER, 8);
  write_u64(&writer, missed);
  reader->position = oldest->base;
  reader->passed = oldest->output;
  return RECORD_HEADER + 8;
}

/* Cuts off what lies before the reader's start in this channel; the bytes kept. */
static size_t keep_record(const struct spool_reader *reader, uint64_t position, struct record record, const uint8_t *from, uint8_t *to) {
  if (!wants(reader, record.channel)) return 0;
  const uint8_t *data = from + RECORD_HEADER;
  uint64_t start = record.channel == 0 ? 0 : reader->from[record.channel], first = position + RECORD_HEADER;
  if (start > first) {
    uint64_t cut = start - first;
    if (cut >= record.length) return 0;
    data += cut;
    record.length -= (uint32_t)cut;
  }
  if (data != to + RECORD_HEADER) memmove(to + RECORD_HEADER, data, record.length);
  write_record(to, &record);
  return RECORD_HEADER + record.length;
}

size_t spool_read(struct spool_reader *reader, uint64_t end, uint8_t *buffer) {
  if (reader->position < segment_at(0)->base) return put_gap(reader, buffer);
  while (reader->position < end) {
    const struct segment *segment = segment_of(reader->position);
    if (segment == NULL) return 0;
    uint64_t offset = reader->position - segment->base, left = segment->size - offset;
    if (left > end - reader->position) left = end - reader->position;
    if (left > SPOOL_READ_MIN) left = SPOOL_READ_MIN;
    ssize_t got = pread(segment->fd, buffer, (size_t)left, (off_t)offset);
    size_t have = got < 0 ? 0 : (size_t)got, at = 0, kept = 0;
    while (have - at >= RECORD_HEADER) {
      struct record record = read_record(buffer + at);
      if (record.length > RECORD_MAX || have - at < RECORD_HEADER + record.length) break;
      size_t size = RECORD_HEADER + record.length;
      kept += keep_record(reader, reader->position, record, buffer + at, buffer + kept);
      reader->position += size;
      reader->passed += record.channel == 0 ? 0 : record.length;
      at += size;
    }
    if (at == 0) reader->position = segment->base + segment->size; /* unreadable: go on with the next segment */
    if (reader->keep && reader->position == segment->base + segment->size) process_read_on();
    if (kept > 0) return kept;
  }
  return 0;
}
