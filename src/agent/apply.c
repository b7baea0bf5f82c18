#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"
#include "place.h"

/* Folders get their times at the end, when nothing more is put into them; those beyond this keep the time of their last entry. */
enum { TIMES_MAX = 8192 };

struct folder_time {
  struct folder_time *next;
  uint64_t mtime;
  char path[];
};

enum step { STEP_HEAD, STEP_CONTENT, STEP_STATUS };

struct apply {
  struct target target;
  struct placing placing; /* file < 0: no file is being written */
  enum step step;
  uint64_t left, entries;
  struct queue queue;
  size_t head_length;
  struct folder_time *times;
  size_t time_count;
  uint8_t head[ENTRY_MAX]; /* of the file being written: its owner, mode and attributes come after its content */
};

static void remember_time(struct apply *apply, const struct entry *entry) {
  if (apply->time_count == TIMES_MAX) return;
  struct folder_time *time = allocate(sizeof *time + entry->path.length + 1);
  time->mtime = entry->mtime;
  memcpy(time->path, entry->path.at, entry->path.length);
  time->next = apply->times;
  apply->times = time;
  apply->time_count++;
}

static void failed(struct stream *stream, const struct entry *entry, int error) {
  stream_reset(stream, error, "%.*s: %s", (int)entry->path.length, (const char *)entry->path.at, strerror(error));
}

/* The bytes used up; 0: more are needed, or the stream is gone. */
static size_t take_head(struct stream *stream, const uint8_t *data, size_t length) {
  struct apply *apply = stream->owner;
  struct entry entry;
  size_t used = 0;
  enum entry_result result = read_entry(data, length, &entry, &used);
  if (result == ENTRY_MORE) return 0;
  if (result == ENTRY_BAD || used > ENTRY_MAX) {
    stream_reset(stream, EINVAL, "malformed entry");
    return 0;
  }
  int error = place_entry(&apply->target, &entry, &apply->placing);
  if (error != 0) {
    failed(stream, &entry, error);
    return 0;
  }
  apply->entries++;
  if (entry.type == 'd' && entry.path.length > 0) remember_time(apply, &entry);
  if (entry.type == 'f') {
    memcpy(apply->head, data, used);
    apply->head_length = used;
    apply->left = entry.size;
    apply->step = entry.size > 0 ? STEP_CONTENT : STEP_STATUS;
  }
  return used;
}

static struct entry head_again(struct apply *apply) {
  struct entry entry;
  size_t used;
  read_entry(apply->head, apply->head_length, &entry, &used);
  return entry;
}

static size_t take_content(struct stream *stream, const uint8_t *data, size_t length) {
  struct apply *apply = stream->owner;
  size_t size = length < apply->left ? length : (size_t)apply->left;
  ssize_t wrote = write(apply->placing.file, data, size);
  if (wrote < 0) {
    struct entry entry = head_again(apply);
    failed(stream, &entry, errno);
    return 0;
  }
  apply->left -= (uint64_t)wrote;
  if (apply->left == 0) apply->step = STEP_STATUS;
  return (size_t)wrote;
}

static size_t take_status(struct stream *stream) {
  struct apply *apply = stream->owner;
  struct entry entry = head_again(apply);
  int error = place_finish(&apply->target, &entry, &apply->placing);
  apply->step = STEP_HEAD;
  if (error == 0) return 1;
  failed(stream, &entry, error);
  return 0;
}

static size_t take(struct stream *stream, const uint8_t *data, size_t length) {
  struct apply *apply = stream->owner;
  size_t done = 0;
  while (done < length) {
    size_t used = 0;
    if (apply->step == STEP_HEAD) used = take_head(stream, data + done, length - done);
    else if (apply->step == STEP_CONTENT) used = take_content(stream, data + done, length - done);
    else used = take_status(stream);
    if (used == 0) break;
    done += used;
  }
  return done;
}

static void data(struct stream *stream, uint8_t channel, const uint8_t *bytes, size_t length) {
  struct apply *apply = stream->owner;
  (void)channel;
  size_t done = apply->queue.length == 0 ? take(stream, bytes, length) : 0;
  if (stream->gone) return;
  if (done < length) {
    queue_add(&apply->queue, bytes + done, length - done);
    size_t more = take(stream, queue_front(&apply->queue), apply->queue.length);
    if (stream->gone) return;
    queue_drop(&apply->queue, more);
    done += more;
  }
  stream_consumed(stream, done);
}

static void eof(struct stream *stream) {
  struct apply *apply = stream->owner;
  if (apply->step != STEP_HEAD || apply->queue.length > 0) return stream_reset(stream, EINVAL, "the entries ended within one");
  for (struct folder_time *time = apply->times; time != NULL; time = time->next)
    place_time(&apply->target, time->path, time->mtime);
  struct writer writer = stream_message(MSG_DONE);
  write_u64(&writer, apply->entries);
  stream_send(stream, &writer);
  stream_finish(stream);
}

static void ended(struct stream *stream, enum ending ending) {
  struct apply *apply = stream->owner;
  (void)ending;
  if (apply->placing.file >= 0) place_cancel(&apply->placing);
  target_close(&apply->target);
  queue_free(&apply->queue);
  while (apply->times != NULL) {
    struct folder_time *time = apply->times;
    apply->times = time->next;
    free(time);
  }
  loop_free(apply);
}

static const struct stream_calls calls = {.data = data, .eof = eof, .ended = ended};

void apply_open(struct stream *stream, const struct open_request *open) {
  struct text path = open->path;
  if (path.length == 0 || path.length > ENTRY_PATH_MAX || path.at[0] != '/' || memchr(path.at, 0, path.length) != NULL)
    return stream_reset(stream, EINVAL, "the path must be absolute");
  struct apply *apply = allocate(sizeof *apply);
  while (path.length > 1 && path.at[path.length - 1] == '/') path.length--;
  memcpy(apply->target.root, path.at, path.length);
  apply->target.flags = open->flags;
  apply->placing.file = -1;
  target_open(&apply->target);
  stream->owner = apply;
  stream->calls = &calls;
}
