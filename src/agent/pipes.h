/* Between a descriptor and a stream: a sink takes DATA into a descriptor, pull turns what a descriptor gives into DATA. */
#ifndef PIPES_H
#define PIPES_H

#include "streams.h"

/* Bytes on their way into `to`. Bounded by the stream's window. */
struct sink {
  struct source *to;
  struct queue queue;
  bool ended;  /* the daemon sent EOF: close after the last byte */
  bool broken; /* nobody reads any more: swallow */
};
enum sink_result { SINK_OPEN, SINK_ENDED, SINK_BROKEN };

/* Takes DATA; writes at once what it can. */
void sink_add(struct sink *sink, struct stream *stream, const uint8_t *data, size_t length);
/* To be called when `to` became writable; `stream` is NULL if it is gone already. SINK_ENDED: all is written and EOF came. SINK_BROKEN is told once per call while broken. */
enum sink_result sink_push(struct sink *sink, struct stream *stream);
void sink_free(struct sink *sink);

enum pull_result { PULL_SENT, PULL_EMPTY, PULL_NO_CREDIT, PULL_END, PULL_ERROR };
/* Sends one DATA frame of what `from` has, at most `most` bytes. PULL_ERROR: see errno. */
enum pull_result pull(struct source *from, struct stream *stream, uint8_t channel, size_t most);
/* Reads and drops what `from` has; true at its end. */
bool pull_nowhere(struct source *from);

#endif
