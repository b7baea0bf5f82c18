/* Which files with several names a walk has met already. Bounded: what does not fit travels as a file of its own. */
#ifndef HARDLINKS_H
#define HARDLINKS_H

#include <sys/stat.h>

#include "base.h"

struct hardlinks;
struct hardlinks *hardlinks_new(void);
/* The path under which this file was met first, or NULL: then `path` is remembered. */
const char *hardlinks_meet(struct hardlinks *links, const struct stat *info, const char *path);
void hardlinks_free(struct hardlinks *links);

#endif
