#include "pipes.h"

#include <errno.h>
#include <unistd.h>

#include "replay.h"

/* One frame's worth: small enough that streams take turns often, large enough that the calls do not cost. */
enum { PULL_SIZE = 32768 };

static size_t write_out(struct sink *sink, const uint8_t *data, size_t length) {
  size_t done = 0;
  while (done < length && source_writable(sink->to)) {
    ssize_t wrote = write(sink->to->fd, data + done, length - done);
    if (wrote >= 0) {
      done += (size_t)wrote;
    } else if (errno == EAGAIN) {
      source_not_writable(sink->to);
    } else if (errno != EINTR) {
      sink->broken = true;
      return length;
    }
  }
  return done;
}

void sink_add(struct sink *sink, struct stream *stream, const uint8_t *data, size_t length) {
  size_t done = 0;
  if (sink->broken) done = length;
  else if (sink->to != NULL && sink->queue.length == 0) done = write_out(sink, data, length);
  queue_add(&sink->queue, data + done, length - done);
  if (done && stream != NULL) stream_consumed(stream, done);
}

enum sink_result sink_push(struct sink *sink, struct stream *stream) {
  if (sink->queue.length > 0 && sink->to != NULL) {
    size_t done = sink->broken ? sink->queue.length : write_out(sink, queue_front(&sink->queue), sink->queue.length);
    queue_drop(&sink->queue, done);
    if (done && stream != NULL) stream_consumed(stream, done);
  }
  if (sink->broken) return SINK_BROKEN;
  return sink->ended && sink->queue.length == 0 ? SINK_ENDED : SINK_OPEN;
}

void sink_free(struct sink *sink) { queue_free(&sink->queue); }

enum pull_result pull(struct source *from, struct stream *stream, uint8_t channel, size_t most) {
  size_t size = stream_allowance(stream, most < PULL_SIZE ? most : PULL_SIZE);
  if (size == 0) return PULL_NO_CREDIT;
  uint8_t *at = replay_reserve(size);
  for (;;) {
    ssize_t got = read(from->fd, at, size);
    if (got > 0) {
      stream_commit(stream, channel, (size_t)got);
      return PULL_SENT;
    }
    /* EIO is how a terminal says that its last user has closed it. */
    if (got == 0 || errno == EIO) return PULL_END;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return PULL_ERROR;
    source_not_readable(from);
    return PULL_EMPTY;
  }
}

bool pull_nowhere(struct source *from) {
  static uint8_t nowhere[PULL_SIZE];
  for (int i = 0; i < 16 && source_readable(from); i++) {
    ssize_t got = read(from->fd, nowhere, sizeof nowhere);
    if (got > 0) continue;
    if (got == 0) return true;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return true;
    source_not_readable(from);
  }
  return false;
}
