/* What happens between fork and execve. */
#ifndef CHILD_H
#define CHILD_H

#include "users.h"

struct child {
  char *strings, **argv, **env, *cwd;
  const char *path; /* PATH of env, or NULL */
  char home[1040];
  struct identity identity;
  int ends[3]; /* become 0, 1, 2; with a terminal only the first is set */
  int report;
  bool terminal, creates_cwd;
};

struct child_error {
  uint8_t stage;
  int error;
};

/* Becomes the program, or writes a child_error to `report` and ends. */
_Noreturn void child_run(struct child *child);

#endif
