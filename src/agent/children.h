/* Every process that ends is reaped here; who waits for it is told. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <sys/types.h>

#include "base.h"

struct child_watch {
  pid_t pid;
  /* 0..255, or 128 + the signal. */
  void (*on_exit)(struct child_watch *, uint32_t code);
  struct child_watch *next;
};

void children_watch(struct child_watch *watch, pid_t pid, void (*on_exit)(struct child_watch *, uint32_t code));
void children_reap(void);
/* Kills all other processes of the container but the relays, if the agent is its PID 1, else only what the agent has started and the
   group of `leader`. Returns how many were still alive. */
int children_kill(pid_t leader);

#endif
