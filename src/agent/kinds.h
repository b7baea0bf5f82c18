/* One opener per kind of stream; each sets stream->calls and stream->owner, or resets the stream. */
#ifndef KINDS_H
#define KINDS_H

#include "streams.h"

void kind_open(struct stream *stream, const struct open_request *open);

void stdin_stream_open(struct stream *stream, const struct open_request *open);
void output_open(struct stream *stream, const struct open_request *open);
void exec_open(struct stream *stream, const struct open_request *open);
void dial_open(struct stream *stream, const struct open_request *open);
void walk_open(struct stream *stream, const struct open_request *open);
void apply_open(struct stream *stream, const struct open_request *open);

#endif
