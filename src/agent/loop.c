#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct grave {
  void *memory;
  struct grave *next;
};

static int poll_fd = -1;
static struct timer *timers;
static struct grave *graves;

void loop_open(void) {
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (poll_fd < 0) {
    complain("cannot create an epoll descriptor");
    _exit(70);
  }
}

bool loop_watch(struct source *source, int fd, void (*on_ready)(struct source *), void *owner) {
  *source = (struct source){.fd = fd, .on_ready = on_ready, .owner = owner};
  set_nonblocking(fd);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = source}};
  if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) == 0) return true;
  source->ready = EPOLLIN | EPOLLOUT;
  return false;
}

void loop_close(struct source *source) {
  if (source->fd < 0) return;
  epoll_ctl(poll_fd, EPOLL_CTL_DEL, source->fd, NULL);
  close(source->fd);
  source->fd = -1;
  source->ready = 0;
}

void source_not_readable(struct source *source) { source->ready &= ~(uint32_t)(EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP); }
void source_not_writable(struct source *source) { source->ready &= ~(uint32_t)EPOLLOUT; }

void timer_start(struct timer *timer, uint64_t milliseconds, void (*on_time)(void *), void *owner) {
  timer_stop(timer);
  *timer = (struct timer){clock_steady() + milliseconds, true, on_time, owner, timers};
  timers = timer;
}

void timer_stop(struct timer *timer) {
  if (!timer->set) return;
  struct timer **at = &timers;
  while (*at != NULL && *at != timer) at = &(*at)->next;
  if (*at == timer) *at = timer->next;
  timer->set = false;
}

void loop_free(void *memory) {
  if (memory == NULL) return;
  struct grave *grave = allocate(sizeof *grave);
  *grave = (struct grave){memory, graves};
  graves = grave;
}

static int wait_time(void) {
  uint64_t now = clock_steady(), least = UINT64_MAX;
  for (struct timer *timer = timers; timer != NULL; timer = timer->next) {
    uint64_t left = timer->at > now ? timer->at - now : 0;
    if (left < least) least = left;
  }
  if (least == UINT64_MAX) return -1;
  return least > 3600000u ? 3600000 : (int)least;
}

/* A timer may start or stop others, so the search begins anew after each. Only those due before the round are run, or a timer of 0 ms would never end. */
static void run_timers(void) {
  uint64_t now = clock_steady();
  for (struct timer *timer = timers; timer != NULL;) {
    if (timer->at > now) {
      timer = timer->next;
      continue;
    }
    timer_stop(timer);
    timer->on_time(timer->owner);
    timer = timers;
  }
}

static void bury(void) {
  while (graves != NULL) {
    struct grave *grave = graves;
    graves = grave->next;
    free(grave->memory);
    free(grave);
  }
}

void loop_round(bool busy) {
  struct epoll_event events[64];
  int count = epoll_wait(poll_fd, events, 64, busy ? 0 : wait_time());
  for (int i = 0; i < count; i++) {
    struct source *source = events[i].data.ptr;
    /* Closed by an earlier event of this round; its memory lives until the end of the round. */
    if (source->fd < 0) continue;
    source->ready |= events[i].events;
    source->on_ready(source);
  }
  run_timers();
  bury();
}
