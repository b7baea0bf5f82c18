/* Whatever a peer sends passes through these readers before anything else sees it. Run by `npm run agent -- --fuzz`. */
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "parts.h"

/* Keeps the compiler from leaving the reads out. */
static volatile unsigned seen;

/* Touches every byte, so that the sanitizer sees a pointer that leads outside. */
static unsigned touch(struct text text) {
  unsigned sum = 0;
  for (size_t i = 0; i < text.length; i++) sum += text.at[i];
  return sum;
}

static unsigned touch_list(struct list list) {
  unsigned sum = 0;
  for (uint32_t i = 0; i < list.count; i++) sum += touch(read_bytes(&list.items));
  if (list.items.bad || list.items.left != 0) abort(); /* a list that was checked is whole */
  return sum;
}

static unsigned touch_spec(const struct spec *spec) {
  return touch_list(spec->argv) + touch_list(spec->env) + touch(spec->cwd) + touch(spec->user) + touch_list(spec->groups);
}

/* `frame` is whole. */
static unsigned take_frame(const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length), again = reader, message = reader;
  struct hello hello;
  struct open_request open;
  struct spec spec;
  unsigned sum = 0;
  if (read_hello(&reader, &hello)) sum += touch((struct text){hello.session, SESSION_ID});
  if (read_open(&again, &open)) {
    if (open.kind == KIND_EXEC) sum += touch_spec(&open.spec);
    if (open.kind == KIND_DIAL) sum += touch(open.host);
    if (open.kind >= KIND_WALK) sum += touch(open.path);
  }
  read_u8(&message);
  read_u32(&message);
  if (read_spec(&message, &spec)) sum += touch_spec(&spec);
  return sum;
}

/* What was read as whole is written as the very bytes it was read from. */
static unsigned take_entry(const uint8_t *data, size_t size) {
  struct entry entry;
  size_t used = 0;
  if (read_entry(data, size, &entry, &used) != ENTRY_WHOLE) return 0;
  uint8_t *copy = malloc(used);
  struct writer writer = writer_to(copy, used);
  write_entry(&writer, &entry);
  if (writer.full || writer.length != used || memcmp(copy, data, used) != 0) abort();
  free(copy);
  return touch(entry.path) + touch(entry.link) + touch_list(entry.xattrs);
}

/* All frames of the input, as a session would take them, up to the first violation. */
static unsigned take_session(const uint8_t *data, size_t size) {
  struct parts parts = {0};
  struct frame frame;
  unsigned sum = 0;
  enum parts_result result = PARTS_WHOLE;
  for (size_t at = 0, used; result != PARTS_BAD && (used = frame_next(data + at, size - at, &frame)) != 0; at += used) {
    struct queue joined = {0};
    result = parts_take(&parts, &frame, &joined);
    if (result == PARTS_WHOLE) sum += take_frame(&frame);
    if (result != PARTS_WHOLE && joined.data != NULL) abort();
    if (parts.pending != (parts.bytes.length > 0) || parts.bytes.length > size) abort();
    queue_free(&joined);
  }
  parts_drop(&parts);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned sum = take_entry(data, size) + take_session(data, size);
  if (size >= RECORD_HEADER) {
    struct record record = read_record(data);
    sum += record.length;
  }
  seen = sum;
  return 0;
}
