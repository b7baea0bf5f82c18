#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "children.h"
#include "kinds.h"
#include "pipes.h"
#include "session.h"
#include "spawn.h"
#include "tty.h"

/* A process left behind may hold the pipes: after this only what lies in them already is sent. */
enum { END_TIME = 2000 };

/* Lives until its process has ended, its outputs are done and its stream is gone, whichever is last. */
struct exec {
  struct stream *stream; /* NULL: gone, output is dropped */
  struct child_watch watch;
  struct source input, outputs[3];
  struct sink sink;
  struct timer end_timer, drop_timer;
  int left[3]; /* once late: bytes still to be sent per channel, else -1 */
  pid_t pid;
  bool terminal, detached, exited, late;
  uint8_t next_channel;
  uint32_t code;
};

static void free_if_done(struct exec *exec) {
  bool open = source_open(&exec->outputs[1]) || source_open(&exec->outputs[2]);
  if (exec->stream != NULL || !exec->exited || (open && !exec->late)) return;
  timer_stop(&exec->end_timer);
  timer_stop(&exec->drop_timer);
  loop_close(&exec->outputs[1]);
  loop_close(&exec->outputs[2]);
  loop_close(&exec->input);
  sink_free(&exec->sink);
  loop_free(exec);
}

static void say_exit(struct exec *exec) {
  struct stream *stream = exec->stream;
  bool open = source_open(&exec->outputs[1]) || source_open(&exec->outputs[2]);
  if (stream == NULL || open) return;
  stream_finish(stream);
  if (!exec->exited) return;
  struct writer writer = stream_message(MSG_EXIT);
  write_u32(&writer, exec->code);
  stream_send(stream, &writer);
  stream_close(stream, ENDED_CLOSED);
}

static void close_output(struct exec *exec, uint8_t channel) {
  if (exec->terminal) exec->sink.to = NULL;
  loop_close(&exec->outputs[channel]);
}

static void drop_output(void *owner) {
  struct exec *exec = owner;
  bool more = false;
  for (uint8_t channel = 1; channel <= 2; channel++) {
    struct source *source = &exec->outputs[channel];
    if (source_readable(source) && pull_nowhere(source)) close_output(exec, channel);
    more = more || source_readable(source);
  }
  /* A process that writes without end must not keep the loop to itself. */
  if (more) timer_start(&exec->drop_timer, 0, drop_output, exec);
  free_if_done(exec);
}

static enum turn pull_channel(struct exec *exec, uint8_t channel) {
  struct source *source = &exec->outputs[channel];
  if (exec->late && exec->left[channel] <= 0) {
    close_output(exec, channel);
    return TURN_AGAIN;
  }
  if (!source_readable(source)) return TURN_IDLE;
  uint64_t credit = exec->stream->credit;
  switch (pull(source, exec->stream, channel, exec->late ? (size_t)exec->left[channel] : SIZE_MAX)) {
    case PULL_SENT:
      exec->left[channel] -= (int)(credit - exec->stream->credit);
      return TURN_AGAIN;
    case PULL_END:
    case PULL_ERROR: close_output(exec, channel); return TURN_AGAIN;
    default: return TURN_IDLE;
  }
}

static enum turn turn(struct stream *stream) {
  struct exec *exec = stream->owner;
  for (int i = 0; i < 2; i++) {
    uint8_t channel = exec->next_channel;
    exec->next_channel = (uint8_t)(3 - channel);
    if (source_open(&exec->outputs[channel]) && pull_channel(exec, channel) == TURN_AGAIN) return TURN_AGAIN;
  }
  say_exit(exec);
  return TURN_IDLE;
}

static void push_input(struct exec *exec) {
  if (exec->stream == NULL || exec->sink.to == NULL) return;
  enum sink_result result = sink_push(&exec->sink, exec->stream);
  if (result == SINK_OPEN) return;
  if (!exec->terminal) loop_close(&exec->input);
  if (result == SINK_BROKEN) {
    stream_consumed(exec->stream, exec->sink.queue.length);
    queue_free(&exec->sink.queue);
  }
}

static void on_ready(struct source *source) {
  struct exec *exec = source->owner;
  if (source == &exec->input && (source->ready & EPOLLERR)) exec->sink.broken = true;
  push_input(exec);
  if (exec->stream == NULL) drop_output(exec);
  else stream_wake(exec->stream);
}

static void data(struct stream *stream, uint8_t channel, const uint8_t *bytes, size_t length) {
  struct exec *exec = stream->owner;
  (void)channel;
  if (exec->sink.to == NULL) exec->sink.broken = true;
  sink_add(&exec->sink, stream, bytes, length);
}

static void eof(struct stream *stream) {
  struct exec *exec = stream->owner;
  exec->sink.ended = true;
  push_input(exec);
}

static void message(struct stream *stream, uint8_t number, struct reader *reader) {
  struct exec *exec = stream->owner;
  uint16_t rows = 0, columns = 0;
  uint8_t signal = 0;
  if (number == MSG_RESIZE) {
    rows = read_u16(reader);
    columns = read_u16(reader);
  } else if (number == MSG_KILL) {
    signal = read_u8(reader);
  } else {
    reader->bad = true;
  }
  if (!reader_finished(reader)) return session_violation("malformed MSG on an EXEC stream");
  if (number == MSG_RESIZE && exec->terminal && source_open(&exec->outputs[1])) tty_resize(exec->outputs[1].fd, rows, columns);
  if (number == MSG_KILL && !exec->exited && signal > 0 && signal < NSIG) kill(exec->pid, signal);
}

static void ended(struct stream *stream, enum ending ending) {
  struct exec *exec = stream->owner;
  exec->stream = NULL;
  sink_free(&exec->sink);
  exec->sink.to = NULL;
  loop_close(&exec->input);
  if (ending != ENDED_CLOSED) drop_output(exec);
  else free_if_done(exec);
}

static const struct stream_calls calls = {.data = data, .eof = eof, .message = message, .turn = turn, .ended = ended, .ends_by_message = true};

static void end_late(void *owner) {
  struct exec *exec = owner;
  exec->late = true;
  for (int channel = 1; channel <= 2; channel++)
    if (!source_open(&exec->outputs[channel]) || ioctl(exec->outputs[channel].fd, FIONREAD, &exec->left[channel]) != 0)
      exec->left[channel] = 0;
  if (exec->stream != NULL) stream_wake(exec->stream);
  else free_if_done(exec);
}

static void on_exit(struct child_watch *watch, uint32_t code) {
  struct exec *exec = (struct exec *)(void *)((char *)watch - offsetof(struct exec, watch));
  exec->exited = true;
  exec->code = code;
  timer_start(&exec->end_timer, END_TIME, end_late, exec);
  if (exec->stream != NULL) stream_wake(exec->stream);
  else drop_output(exec);
}

static void say_failed(struct stream *stream, const struct failure *failure) {
  struct writer writer = stream_message(MSG_FAILED);
  write_u8(&writer, failure->stage);
  write_u32(&writer, (uint32_t)failure->error);
  write_bytes(&writer, failure->text, strlen(failure->text));
  stream_send(stream, &writer);
  stream_close(stream, ENDED_CLOSED);
}

static void say_started(struct exec *exec) {
  struct writer writer = stream_message(MSG_STARTED);
  write_u32(&writer, (uint32_t)exec->pid);
  write_u64(&writer, clock_wall());
  stream_send(exec->stream, &writer);
  if (exec->detached) stream_finish(exec->stream);
}

void exec_open(struct stream *stream, const struct open_request *open) {
  struct spec spec = open->spec;
  struct spawned spawned;
  struct failure failure;
  bool detached = (spec.flags & SPEC_DETACHED) != 0;
  if (detached) spec.flags &= (uint8_t)~SPEC_STDIN;
  if (!spawn(&spec, detached ? SPAWN_DROPS_OUTPUT : 0, &spawned, &failure)) return say_failed(stream, &failure);
  struct exec *exec = allocate(sizeof *exec);
  exec->stream = stream;
  exec->pid = spawned.pid;
  exec->detached = detached;
  exec->terminal = (spec.flags & SPEC_TTY) && !detached;
  exec->next_channel = 1;
  exec->input.fd = exec->outputs[1].fd = exec->outputs[2].fd = -1;
  stream->owner = exec;
  stream->calls = &calls;
  if (spawned.in >= 0) loop_watch(&exec->input, spawned.in, on_ready, exec);
  if (spawned.out >= 0) loop_watch(&exec->outputs[1], spawned.out, on_ready, exec);
  if (spawned.err >= 0) loop_watch(&exec->outputs[2], spawned.err, on_ready, exec);
  exec->sink.to = spawned.in >= 0 ? &exec->input : exec->terminal ? &exec->outputs[1] : NULL;
  children_watch(&exec->watch, spawned.pid, on_exit);
  say_started(exec);
}
