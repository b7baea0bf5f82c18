/* The table of streams: ids, windows, half-close, and whose turn it is to send. Kinds plug in by `stream_kind_calls`. */
#ifndef STREAMS_H
#define STREAMS_H

#include "loop.h"
#include "messages.h"

enum turn {
  TURN_AGAIN, /* sent something, may have more */
  TURN_IDLE,  /* nothing to send until stream_wake */
};

enum ending {
  ENDED_CLOSED, /* both directions ended, or the kind's last message was sent */
  ENDED_RESET,  /* by either side */
  ENDED_LOST,   /* the session is gone */
};

struct stream {
  uint32_t id;
  bool sent_eof, got_eof, gone, queued;
  uint64_t credit;           /* DATA that may be sent */
  uint32_t window, consumed; /* DATA that may still come; used up but not yet granted again */
  const struct stream_calls *calls;
  void *owner;
  struct stream *next, *next_turn;
};

/* What a kind of stream does. `data`, `eof` and `message` may be NULL: a violation if they happen. */
struct stream_calls {
  void (*data)(struct stream *, uint8_t channel, const uint8_t *, size_t);
  void (*eof)(struct stream *);
  void (*message)(struct stream *, uint8_t message, struct reader *);
  enum turn (*turn)(struct stream *);
  /* Always the last call, exactly once: let go of the stream. */
  void (*ended)(struct stream *, enum ending);
  /* EXEC: the stream outlives both EOFs, its last message ends it. */
  bool ends_by_message;
};

/* A counted frame of the session. */
void streams_take(const struct frame *frame);
/* The session is gone: all streams end. */
void streams_drop(void);
/* Lets streams send, one frame each in turn, while the session has room. True if some had to stop for others' sake. */
bool streams_turn(void);
/* Whether a stream's turn could come now: asked again when the socket has taken what waited. */
bool streams_ready(void);

/* Something may be sent: ask the stream's `turn` soon. */
void stream_wake(struct stream *stream);
/* DATA of `length` bytes has left the agent's buffers: the daemon may send as much again. */
void stream_consumed(struct stream *stream, size_t length);
/* Space for DATA: reserve, fill, commit what was filled. */
size_t stream_allowance(const struct stream *stream, size_t most);
void stream_commit(struct stream *stream, uint8_t channel, size_t length);
/* This direction ends. The stream is gone if the other has ended too. */
void stream_finish(struct stream *stream);
void stream_reset(struct stream *stream, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sends MSG: begin with the message, write fields, send. */
struct writer stream_message(uint8_t message);
void stream_send(struct stream *stream, const struct writer *writer);
/* Ends without a frame: the last message said so. */
void stream_close(struct stream *stream, enum ending ending);

#endif
