#include "kinds.h"

#include <errno.h>

void kind_open(struct stream *stream, const struct open_request *open) {
  switch (open->kind) {
    case KIND_STDIN: return stdin_stream_open(stream, open);
    case KIND_OUTPUT: return output_open(stream, open);
    case KIND_EXEC: return exec_open(stream, open);
    case KIND_DIAL: return dial_open(stream, open);
    case KIND_WALK: return walk_open(stream, open);
    case KIND_APPLY: return apply_open(stream, open);
    default: return stream_reset(stream, ENOSYS, "unknown kind of stream");
  }
}
