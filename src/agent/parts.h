/* An OPEN or MSG that is larger than a frame comes in parts; here they are joined. One at a time in a session. */
#ifndef PARTS_H
#define PARTS_H

#include "frames.h"

enum { FRAME_CONTINUED = 0x80, WHOLE_MAX = 2097152 };

struct parts {
  bool pending;
  uint8_t type;
  uint32_t stream;
  struct queue bytes;
};

enum parts_result {
  PARTS_WHOLE, /* `frame` is whole: as it came, or its parts joined in `joined`, which the caller frees */
  PARTS_MORE,  /* kept; the rest is still to come */
  PARTS_BAD,
};
enum parts_result parts_take(struct parts *parts, struct frame *frame, struct queue *joined);
void parts_drop(struct parts *parts);

#endif
