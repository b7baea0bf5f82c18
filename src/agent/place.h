/* Puts entries into the file system, for apply: where they go, and how what stands there gives way. */
#ifndef PLACE_H
#define PLACE_H

#include "files.h"

struct target {
  char root[ENTRY_PATH_MAX + 1]; /* absolute */
  uint8_t flags;                 /* of APPLY */
  int root_fd;                   /* -1 until it is there */
  int folder;                    /* of the last entry, kept because most entries share it */
  char folder_path[ENTRY_PATH_MAX + 1];
};

/* A file whose content is on its way. */
struct placing {
  int folder, file;
  char name[256], temporary[32];
};

void target_open(struct target *target);
void target_close(struct target *target);
/* Makes all but plain files, which begin here and end with place_finish. 0 or an errno. */
int place_entry(struct target *target, const struct entry *entry, struct placing *placing);
/* Gives the file its name; `head` holds the entry again. 0 or an errno. */
int place_finish(struct target *target, const struct entry *entry, struct placing *placing);
/* Removes the half-written file. */
void place_cancel(struct placing *placing);
/* A folder's time, set when nothing is put into it any more. */
void place_time(struct target *target, const char *path, uint64_t mtime);

#endif
