#include "session.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "messages.h"
#include "parts.h"
#include "process.h"
#include "replay.h"
#include "streams.h"

/* UNSENT is small, so that a keystroke's echo never waits behind much bulk; what the socket took already is not counted. */
enum { UNSENT_MAX = 131072, KEPT_MAX = 4194304, KEPT_LIMIT = 16777216, ACK_STEP = 65536, FRESH_TIME = 600000 };

static uint8_t session_id[SESSION_ID];
static bool session_known;
static uint64_t received, received_acknowledged;
static struct connection *current;
static uint64_t dropped_at;
static struct timer fresh_timer;
static struct parts parts;
static uint8_t scratch[1024]; /* the agent's own messages are all small: it never sends one in parts */

static void end_session(void) {
  session_known = false;
  received = received_acknowledged = 0;
  streams_drop();
  parts_drop(&parts);
  replay_clear();
}

static void fresh_time_over(void *owner) {
  (void)owner;
  process_read_on();
}

void session_connection_closed(struct connection *connection) {
  if (connection != current) return;
  current = NULL;
  dropped_at = clock_steady();
  timer_start(&fresh_timer, FRESH_TIME + 1, fresh_time_over, NULL);
}

bool session_is_fresh(void) {
  return current != NULL || (dropped_at != 0 && clock_steady() - dropped_at < FRESH_TIME);
}

void session_violation(const char *reason) {
  complain("the daemon's side broke the protocol: %s", reason);
  struct connection *connection = current;
  end_session();
  if (connection != NULL) connection_close(connection);
}

static void send_welcome(bool resumed) {
  struct state state = process_state();
  struct writer writer = session_begin();
  write_u8(&writer, PROTOCOL_VERSION);
  write_u8(&writer, resumed);
  write_u64(&writer, received);
  write_state(&writer, &state);
  connection_urgent(current, FRAME_WELCOME, writer.data, writer.length);
}

static bool greet(struct connection *connection, const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length);
  struct hello hello;
  if (frame->type != FRAME_HELLO || frame->stream != 0 || !read_hello(&reader, &hello) || hello.version != PROTOCOL_VERSION) {
    complain("a connection did not begin with HELLO of version %d", PROTOCOL_VERSION);
    return false;
  }
  bool resumed = session_known && memcmp(session_id, hello.session, SESSION_ID) == 0;
  if (resumed && !replay_rewind(hello.received)) {
    complain("HELLO wants to resume at a byte that is not kept");
    return false;
  }
  struct connection *older = current;
  current = connection;
  if (older != NULL) connection_close(older);
  timer_stop(&fresh_timer);
  if (!resumed) {
    end_session();
    memcpy(session_id, hello.session, SESSION_ID);
    session_known = true;
  }
  received_acknowledged = received;
  send_welcome(resumed);
  return true;
}

static void take_uncounted(const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length);
  uint64_t number = read_u64(&reader);
  if (frame->stream != 0 || !reader_finished(&reader)) return session_violation("malformed ACK, PING or PONG");
  if (frame->type == FRAME_PING) connection_urgent(current, FRAME_PONG, frame->payload, frame->length);
  if (frame->type == FRAME_ACK && !replay_acknowledged(number)) session_violation("ACK of bytes that were not sent");
}

static void take_whole(struct frame frame) {
  struct queue joined = {0};
  switch (parts_take(&parts, &frame, &joined)) {
    case PARTS_WHOLE: streams_take(&frame); break;
    case PARTS_MORE: break;
    case PARTS_BAD: session_violation("the parts of a frame that do not fit each other, or too many");
  }
  queue_free(&joined);
}

static void take_counted(const struct frame *frame) {
  /* Counted first: if the frame ends the session, the counts begin anew. */
  received += FRAME_HEADER + frame->length;
  take_whole(*frame);
  if (current == NULL || received - received_acknowledged < ACK_STEP) return;
  uint8_t payload[8];
  struct writer writer = writer_to(payload, sizeof payload);
  write_u64(&writer, received);
  received_acknowledged = received;
  connection_urgent(current, FRAME_ACK, payload, sizeof payload);
}

bool session_take(struct connection *connection, const struct frame *frame) {
  if (connection != current) return greet(connection, frame);
  if (frame->type == FRAME_ACK || frame->type == FRAME_PING || frame->type == FRAME_PONG) {
    take_uncounted(frame);
  } else if (frame->type >= FRAME_OPEN && frame->type <= FRAME_MSG) {
    take_counted(frame);
  } else {
    session_violation("unknown frame type");
  }
  return connection == current;
}

static void check_kept(void) {
  /* Only answers to requests can go beyond what room allows: a peer that asks without end and acknowledges nothing. */
  if (replay_kept() > KEPT_LIMIT) session_violation("nothing is acknowledged");
}

void session_send(uint8_t type, uint8_t flags, uint32_t stream, const uint8_t *payload, size_t length) {
  if (!session_known) return;
  uint8_t *at = replay_reserve(length);
  if (length) memcpy(at, payload, length);
  replay_commit(type, flags, stream, length);
}

struct writer session_begin(void) { return writer_to(scratch, sizeof scratch); }

void session_finish(uint8_t type, uint32_t stream, const struct writer *writer) {
  session_send(type, 0, stream, writer->data, writer->length);
}

bool session_has_room(void) {
  return session_known && replay_unsent() < UNSENT_MAX && replay_kept() < KEPT_MAX;
}

void session_flush(void) {
  check_kept();
  if (current != NULL) connection_flush(current);
}
