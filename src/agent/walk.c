#include <errno.h>
#include <string.h>

#include "kinds.h"
#include "replay.h"
#include "walker.h"

static void say_done(struct stream *stream, uint64_t entries) {
  struct writer writer = stream_message(MSG_DONE);
  write_u64(&writer, entries);
  stream_send(stream, &writer);
  stream_finish(stream);
}

static enum turn turn(struct stream *stream) {
  struct walker *walk = stream->owner;
  if (walk->at == walk->out.length && !stream->sent_eof) walker_fill(walk);
  if (walk->error != 0) {
    stream_reset(stream, walk->error, "%s: %s", walk->path, strerror(walk->error));
    return TURN_IDLE;
  }
  if (walk->at == walk->out.length) {
    if (!stream->sent_eof) say_done(stream, walk->entries);
    return TURN_IDLE;
  }
  size_t left = walk->out.length - walk->at;
  size_t size = stream_allowance(stream, left < FRAME_SIZE ? left : FRAME_SIZE);
  if (size == 0) return TURN_IDLE;
  memcpy(replay_reserve(size), walk->buffer + walk->at, size);
  stream_commit(stream, 0, size);
  walk->at += size;
  return TURN_AGAIN;
}

static void ended(struct stream *stream, enum ending ending) {
  struct walker *walk = stream->owner;
  (void)ending;
  walker_stop(walk);
  hardlinks_free(walk->links);
  loop_free(walk);
}

static const struct stream_calls calls = {.turn = turn, .ended = ended};

static bool read_path(struct text text, char *path) {
  if (text.length == 0 || text.length > ENTRY_PATH_MAX || text.at[0] != '/') return false;
  memcpy(path, text.at, text.length);
  path[text.length] = 0;
  return strlen(path) == text.length;
}

void walk_open(struct stream *stream, const struct open_request *open) {
  char path[ENTRY_PATH_MAX + 1];
  if (!read_path(open->path, path)) return stream_reset(stream, EINVAL, "the path must be absolute");
  struct walker *walk = allocate(sizeof *walk);
  walk->flags = open->flags;
  walk->file = -1;
  walk->links = hardlinks_new();
  walk->out = writer_to(walk->buffer, sizeof walk->buffer);
  stream->owner = walk;
  stream->calls = &calls;
  int error = walker_start(walk, path);
  if (error != 0) return stream_reset(stream, error, "%s: %s", path, strerror(error));
  stream_wake(stream);
}
