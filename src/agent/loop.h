/* The one event loop. Descriptors are watched edge-triggered: `ready` remembers what a descriptor can do until a call answers EAGAIN. */
#ifndef LOOP_H
#define LOOP_H

#include <sys/epoll.h>

#include "base.h"

struct source {
  int fd;
  uint32_t ready;
  void (*on_ready)(struct source *);
  void *owner;
};

void loop_open(void);
/* Watches source->fd (made non-blocking). False if the descriptor cannot be watched (a plain file): it is then always ready. */
bool loop_watch(struct source *source, int fd, void (*on_ready)(struct source *), void *owner);
/* Stops watching and closes; harmless on a source that is closed already. */
void loop_close(struct source *source);
static inline bool source_open(const struct source *source) { return source->fd >= 0; }
static inline bool source_readable(const struct source *source) {
  return source->fd >= 0 && (source->ready & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
}
static inline bool source_writable(const struct source *source) {
  return source->fd >= 0 && (source->ready & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
}
/* To be called when a read or write answered EAGAIN. */
void source_not_readable(struct source *source);
void source_not_writable(struct source *source);

struct timer {
  uint64_t at;
  bool set;
  void (*on_time)(void *);
  void *owner;
  struct timer *next;
};
void timer_start(struct timer *timer, uint64_t milliseconds, void (*on_time)(void *), void *owner);
void timer_stop(struct timer *timer);

/* Frees after the present round, because events for the memory may still be queued. */
void loop_free(void *memory);

/* One round: waits for events (not at all if `busy`), and runs what is due. */
void loop_round(bool busy);

#endif
