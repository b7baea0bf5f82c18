#include "hardlinks.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1024, FILES_MAX = 65536, BYTES_MAX = 8388608 };

struct file {
  dev_t device;
  ino_t inode;
  struct file *next;
  char path[];
};

struct hardlinks {
  size_t count, bytes;
  struct file *slots[SLOTS];
};

struct hardlinks *hardlinks_new(void) { return allocate(sizeof(struct hardlinks)); }

const char *hardlinks_meet(struct hardlinks *links, const struct stat *info, const char *path) {
  struct file **slot = &links->slots[info->st_ino % SLOTS];
  for (struct file *file = *slot; file != NULL; file = file->next)
    if (file->inode == info->st_ino && file->device == info->st_dev) return file->path;
  size_t size = strlen(path) + 1;
  if (links->count == FILES_MAX || links->bytes + size > BYTES_MAX) return NULL;
  struct file *file = allocate(sizeof *file + size);
  file->device = info->st_dev;
  file->inode = info->st_ino;
  file->next = *slot;
  memcpy(file->path, path, size);
  *slot = file;
  links->count++;
  links->bytes += size;
  return NULL;
}

void hardlinks_free(struct hardlinks *links) {
  for (size_t i = 0; i < SLOTS; i++) {
    while (links->slots[i] != NULL) {
      struct file *file = links->slots[i];
      links->slots[i] = file->next;
      free(file);
    }
  }
  free(links);
}
