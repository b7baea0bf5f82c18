/* Goes through a tree and writes entries and content into a buffer, as much as is asked for; nothing is gathered. */
#ifndef WALKER_H
#define WALKER_H

#include <dirent.h>

#include "files.h"
#include "hardlinks.h"

enum { FRAME_SIZE = 32768, BUFFER_SIZE = FRAME_SIZE + ENTRY_MAX };

struct walker {
  uint8_t flags;
  bool finished;
  int error; /* the walk cannot go on */
  uint64_t entries;
  DIR *levels[DEPTH_MAX];
  size_t lengths[DEPTH_MAX]; /* of `path`, per level */
  size_t depth;
  char path[ENTRY_PATH_MAX + 1];
  struct hardlinks *links;
  int file; /* whose content is being sent, or -1 */
  uint64_t left;
  uint8_t status;
  size_t at;
  struct writer out;
  uint8_t buffer[BUFFER_SIZE];
};

/* Begins with what the path names; `flags`, `file` (-1) and `links` are set already. 0 or an errno. */
int walker_start(struct walker *walk, const char *path);
/* Fills the buffer anew; an empty one means the end, or `error`. */
void walker_fill(struct walker *walk);
void walker_stop(struct walker *walk);

#endif
