#include "stdin.h"

#include "kinds.h"
#include "pipes.h"
#include "process.h"

struct attached {
  struct stream *stream;
  struct sink sink;
  bool closes; /* its EOF is the process's */
  struct attached *next;
};

static struct attached *all;

/* The process does not read this stream any more, in this run or ever. */
static void break_off(struct attached *attached) {
  attached->sink.broken = true;
  attached->sink.to = NULL;
  stream_consumed(attached->stream, attached->sink.queue.length);
  queue_free(&attached->sink.queue);
  stream_finish(attached->stream);
}

static void break_all(void) {
  for (struct attached *attached = all, *next; attached != NULL; attached = next) {
    next = attached->next;
    if (!attached->sink.broken || !attached->stream->sent_eof) break_off(attached);
  }
}

static void push(struct attached *attached) {
  if (attached->sink.to == NULL) return;
  enum sink_result result = sink_push(&attached->sink, attached->stream);
  if (result == SINK_OPEN) return;
  if (result == SINK_ENDED && !attached->closes && !process_stdin_once()) return;
  process_close_stdin();
  if (process_stdin() == NULL) break_all();
}

void stdin_push(void) {
  for (struct attached *attached = all, *next; attached != NULL; attached = next) {
    next = attached->next;
    push(attached);
  }
  /* The other end was closed by the process itself. */
  struct source *to = process_stdin();
  if (to != NULL && (to->ready & EPOLLERR)) {
    process_close_stdin();
    if (process_stdin() == NULL) break_all();
  }
}

static void data(struct stream *stream, uint8_t channel, const uint8_t *bytes, size_t length) {
  struct attached *attached = stream->owner;
  (void)channel;
  sink_add(&attached->sink, stream, bytes, length);
  if (attached->sink.broken) push(attached);
}

static void eof(struct stream *stream) {
  struct attached *attached = stream->owner;
  attached->sink.ended = true;
  push(attached);
}

static void ended(struct stream *stream, enum ending ending) {
  struct attached *attached = stream->owner;
  struct attached **at = &all;
  while (*at != attached) at = &(*at)->next;
  *at = attached->next;
  bool had_stdin = attached->sink.to != NULL && !attached->sink.broken;
  sink_free(&attached->sink);
  loop_free(attached);
  /* `docker run -i`: when its one client is gone, the process sees the end, as from a shell's pipe. */
  if (had_stdin && ending != ENDED_CLOSED && process_stdin_once()) {
    process_close_stdin();
    if (process_stdin() == NULL) break_all();
  }
}

static const struct stream_calls calls = {.data = data, .eof = eof, .ended = ended};

void stdin_stream_open(struct stream *stream, const struct open_request *open) {
  struct attached *attached = allocate(sizeof *attached);
  struct attached **end = &all;
  while (*end != NULL) end = &(*end)->next;
  *end = attached;
  attached->stream = stream;
  attached->closes = (open->flags & STDIN_CLOSES) != 0;
  stream->calls = &calls;
  stream->owner = attached;
  bool running = process_state().phase == PHASE_RUNNING;
  attached->sink.to = process_stdin();
  if (running && attached->sink.to == NULL) break_off(attached);
}

void stdin_run_started(void) {
  struct source *to = process_stdin();
  for (struct attached *attached = all, *next; attached != NULL; attached = next) {
    next = attached->next;
    if (attached->sink.broken) continue;
    attached->sink.to = to;
    if (to == NULL) break_off(attached);
    else push(attached);
  }
}

void stdin_run_ended(void) {
  for (struct attached *attached = all, *next; attached != NULL; attached = next) {
    next = attached->next;
    if (attached->sink.to != NULL && !attached->sink.broken) break_off(attached);
  }
}
