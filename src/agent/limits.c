#include "limits.h"

#include <sys/resource.h>

static struct rlimit original;

void limits_raise(void) {
  if (getrlimit(RLIMIT_NOFILE, &original) != 0) return;
  struct rlimit raised = {original.rlim_max, original.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
}

void limits_restore(void) {
  if (original.rlim_max != 0) setrlimit(RLIMIT_NOFILE, &original);
}
