#include "streams.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "kinds.h"
#include "replay.h"
#include "session.h"

enum {
  STREAMS_MAX = 1024,
  SLOTS = 256,
  WINDOW_IN = 262144,
  WINDOW_OUT = 1048576,
  WINDOW_STEP = 65536,
};

static struct stream *slots[SLOTS];
static struct stream *first_turn, *last_turn;
static unsigned count;
static uint32_t newest;

static struct stream *find(uint32_t id) {
  struct stream *stream = slots[id / 2 % SLOTS];
  while (stream != NULL && stream->id != id) stream = stream->next;
  return stream;
}

static void leave_turns(struct stream *stream) {
  struct stream *before = NULL, *at = first_turn;
  while (at != NULL && at != stream) {
    before = at;
    at = at->next_turn;
  }
  if (at == NULL) return;
  if (before == NULL) first_turn = at->next_turn;
  else before->next_turn = at->next_turn;
  if (last_turn == at) last_turn = before;
  stream->queued = false;
}

void stream_close(struct stream *stream, enum ending ending) {
  if (stream->gone) return;
  stream->gone = true;
  if (stream->queued) leave_turns(stream);
  struct stream **at = &slots[stream->id / 2 % SLOTS];
  while (*at != stream) at = &(*at)->next;
  *at = stream->next;
  count--;
  if (stream->calls != NULL) stream->calls->ended(stream, ending);
  loop_free(stream);
}

void streams_drop(void) {
  for (unsigned i = 0; i < SLOTS; i++)
    while (slots[i] != NULL) stream_close(slots[i], ENDED_LOST);
  newest = 0;
}

static void open_stream(const struct frame *frame) {
  if (frame->stream % 2 == 0 || frame->stream <= newest) return session_violation("OPEN with an id that is even or was used");
  struct reader reader = reader_of(frame->payload, frame->length);
  struct open_request open;
  if (!read_open(&reader, &open)) return session_violation("malformed OPEN");
  newest = frame->stream;
  struct stream *stream = allocate(sizeof *stream);
  *stream = (struct stream){.id = frame->stream, .credit = WINDOW_OUT, .window = WINDOW_IN};
  struct stream **slot = &slots[stream->id / 2 % SLOTS];
  stream->next = *slot;
  *slot = stream;
  if (++count > STREAMS_MAX) return stream_reset(stream, EMFILE, "more than %d streams are open", STREAMS_MAX);
  kind_open(stream, &open);
}

static void take_data(struct stream *stream, const struct frame *frame) {
  if (stream->got_eof || stream->calls->data == NULL) return session_violation("DATA on a direction that has ended");
  if (frame->length > stream->window) return session_violation("DATA beyond the window");
  stream->window -= (uint32_t)frame->length;
  stream->calls->data(stream, frame->flags, frame->payload, frame->length);
}

static void close_if_both_ended(struct stream *stream) {
  if (stream->sent_eof && stream->got_eof && !stream->calls->ends_by_message) stream_close(stream, ENDED_CLOSED);
}

static void take_eof(struct stream *stream, const struct frame *frame) {
  if (stream->got_eof || frame->length != 0) return session_violation("a second or malformed EOF");
  stream->got_eof = true;
  if (stream->calls->eof != NULL) stream->calls->eof(stream);
  close_if_both_ended(stream);
}

static void take_window(struct stream *stream, const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length);
  stream->credit += read_u32(&reader);
  if (!reader_finished(&reader) || stream->credit > INT32_MAX) return session_violation("malformed or too large WINDOW");
  stream_wake(stream);
}

static void take_message(struct stream *stream, const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length);
  uint8_t message = read_u8(&reader);
  if (reader.bad || stream->calls->message == NULL) return session_violation("MSG that this stream does not know");
  stream->calls->message(stream, message, &reader);
}

static void take_reset(struct stream *stream, const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length);
  read_u32(&reader);
  read_bytes(&reader);
  if (!reader_finished(&reader)) return session_violation("malformed RESET");
  stream_close(stream, ENDED_RESET);
}

void streams_take(const struct frame *frame) {
  if (frame->stream == 0) {
    if (frame->type != FRAME_MSG) return session_violation("only MSG may come on stream 0");
    struct reader reader = reader_of(frame->payload, frame->length);
    return control_take(&reader);
  }
  if (frame->type == FRAME_OPEN) return open_stream(frame);
  struct stream *stream = find(frame->stream);
  if (stream == NULL) {
    if (frame->stream % 2 == 0 || frame->stream > newest) session_violation("a frame for a stream that was never opened");
    return;
  }
  switch (frame->type) {
    case FRAME_DATA: return take_data(stream, frame);
    case FRAME_EOF: return take_eof(stream, frame);
    case FRAME_WINDOW: return take_window(stream, frame);
    case FRAME_RESET: return take_reset(stream, frame);
    default: return take_message(stream, frame);
  }
}

void stream_wake(struct stream *stream) {
  if (stream->gone || stream->queued || stream->calls == NULL || stream->calls->turn == NULL) return;
  stream->queued = true;
  stream->next_turn = NULL;
  if (last_turn == NULL) first_turn = stream;
  else last_turn->next_turn = stream;
  last_turn = stream;
}

bool streams_turn(void) {
  for (int i = 0; i < 64 && first_turn != NULL && session_has_room(); i++) {
    struct stream *stream = first_turn;
    leave_turns(stream);
    if (stream->calls->turn(stream) == TURN_AGAIN) stream_wake(stream);
  }
  return streams_ready();
}

bool streams_ready(void) { return first_turn != NULL && session_has_room(); }

void stream_consumed(struct stream *stream, size_t length) {
  stream->consumed += (uint32_t)length;
  if (stream->consumed < WINDOW_STEP || stream->gone || stream->got_eof) return;
  struct writer writer = session_begin();
  write_u32(&writer, stream->consumed);
  session_finish(FRAME_WINDOW, stream->id, &writer);
  stream->window += stream->consumed;
  stream->consumed = 0;
}

size_t stream_allowance(const struct stream *stream, size_t most) {
  return stream->credit < most ? (size_t)stream->credit : most;
}

void stream_commit(struct stream *stream, uint8_t channel, size_t length) {
  replay_commit(FRAME_DATA, channel, stream->id, length);
  stream->credit -= length;
}

void stream_finish(struct stream *stream) {
  if (stream->gone || stream->sent_eof) return;
  stream->sent_eof = true;
  session_send(FRAME_EOF, 0, stream->id, NULL, 0);
  close_if_both_ended(stream);
}

void stream_reset(struct stream *stream, int error, const char *format, ...) {
  if (stream->gone) return;
  char text[512];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  struct writer writer = session_begin();
  write_u32(&writer, (uint32_t)error);
  write_bytes(&writer, text, strlen(text));
  session_finish(FRAME_RESET, stream->id, &writer);
  stream_close(stream, ENDED_RESET);
}

struct writer stream_message(uint8_t message) {
  struct writer writer = session_begin();
  write_u8(&writer, message);
  return writer;
}

void stream_send(struct stream *stream, const struct writer *writer) { session_finish(FRAME_MSG, stream->id, writer); }
