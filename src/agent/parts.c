#include "parts.h"

static bool add(struct parts *parts, const struct frame *frame) {
  if (frame->length > WHOLE_MAX - parts->bytes.length) return false;
  queue_add(&parts->bytes, frame->payload, frame->length);
  return true;
}

enum parts_result parts_take(struct parts *parts, struct frame *frame, struct queue *joined) {
  bool continued = (frame->type == FRAME_OPEN || frame->type == FRAME_MSG) && (frame->flags & FRAME_CONTINUED);
  bool same = parts->pending && frame->stream == parts->stream;
  if (!continued && !same) return PARTS_WHOLE; /* the frames of other streams may come between */
  if (parts->pending && (!same || frame->type != parts->type)) return PARTS_BAD;
  if (continued) {
    /* A part without bytes would let a peer go on for ever. */
    if (frame->length == 0 || !add(parts, frame)) return PARTS_BAD;
    parts->pending = true;
    parts->type = frame->type;
    parts->stream = frame->stream;
    return PARTS_MORE;
  }
  if (!add(parts, frame)) return PARTS_BAD;
  *joined = parts->bytes;
  *parts = (struct parts){0};
  frame->payload = queue_front(joined);
  frame->length = joined->length;
  return PARTS_WHOLE;
}

void parts_drop(struct parts *parts) {
  queue_free(&parts->bytes);
  *parts = (struct parts){0};
}
