/* Starts a process from a SPEC: user, cwd, environment, pipes or terminal; or says at which stage it failed. */
#ifndef SPAWN_H
#define SPAWN_H

#include <sys/types.h>

#include "messages.h"

struct failure {
  uint8_t stage;
  int error;
  char text[512];
};

/* The agent's ends; -1 where there is none. With a terminal `in` is -1 and `out` is its master, for both ways. */
struct spawned {
  pid_t pid;
  int in, out, err;
};

enum { SPAWN_CREATES_CWD = 1, SPAWN_DROPS_OUTPUT = 2 };

bool spawn(const struct spec *spec, int how, struct spawned *spawned, struct failure *failure);
void fail(struct failure *failure, uint8_t stage, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
