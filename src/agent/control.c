#include "control.h"

#include <errno.h>
#include <string.h>

#include "process.h"
#include "session.h"

static void say_ok(uint32_t request, const struct state *started) {
  struct writer writer = session_begin();
  write_u8(&writer, MSG_OK);
  write_u32(&writer, request);
  if (started != NULL) {
    write_u32(&writer, started->pid);
    write_u64(&writer, started->started);
  }
  session_finish(FRAME_MSG, 0, &writer);
}

static void say_error(uint32_t request, const struct failure *failure) {
  struct writer writer = session_begin();
  write_u8(&writer, MSG_ERROR);
  write_u32(&writer, request);
  write_u8(&writer, failure->stage);
  write_u32(&writer, (uint32_t)failure->error);
  write_bytes(&writer, failure->text, strlen(failure->text));
  session_finish(FRAME_MSG, 0, &writer);
}

static void answer(uint32_t request, int error) {
  struct failure failure;
  if (error == 0) return say_ok(request, NULL);
  fail(&failure, STAGE_STATE, error, "%s", error == ESRCH ? "the process is not running" : strerror(error));
  say_error(request, &failure);
}

static void start(uint32_t request, const struct spec *spec) {
  struct failure failure;
  if (!process_start(spec, &failure)) return say_error(request, &failure);
  struct state state = process_state();
  say_ok(request, &state);
}

void control_take(struct reader *reader) {
  uint8_t message = read_u8(reader);
  uint32_t request = read_u32(reader);
  struct spec spec;
  uint8_t signal = 0;
  uint16_t rows = 0, columns = 0;
  switch (message) {
    case MSG_START: read_spec(reader, &spec); break;
    case MSG_SIGNAL: signal = read_u8(reader); break;
    case MSG_RESIZE:
      rows = read_u16(reader);
      columns = read_u16(reader);
      break;
    default: return session_violation("unknown message on stream 0");
  }
  if (!reader_finished(reader)) return session_violation("malformed message on stream 0");
  if (message == MSG_START) start(request, &spec);
  else if (message == MSG_SIGNAL) answer(request, process_signal(signal));
  else answer(request, process_resize(rows, columns));
}
