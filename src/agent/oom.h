/* How often the kernel has killed a process of this container for lack of memory; 0 if it cannot be known. */
#ifndef OOM_H
#define OOM_H

#include <stdint.h>

uint64_t oom_kills(void);

#endif
