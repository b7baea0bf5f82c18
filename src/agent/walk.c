#include <errno.h>

#include "kinds.h"

void walk_open(struct stream *stream, const struct open_request *open) {
  (void)open;
  stream_reset(stream, ENOSYS, "not yet");
}
