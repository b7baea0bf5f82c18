#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

bool place_is_hidden(int fd, const char *name) {
  static const char *const hidden[] = {"/.badidea", "/proc", "/sys"};
  char link[64], path[2 * ENTRY_PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, ENTRY_PATH_MAX);
  if (length < 0) return false; /* without /proc there is nothing to hide but ourselves, and no way to tell */
  if (length == 1) length = 0;  /* the root: its children are /name */
  path[length] = 0;
  if (name != NULL) snprintf(path + length, sizeof path - (size_t)length, "/%s", name);
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
    size_t size = strlen(hidden[i]);
    if (strncmp(path, hidden[i], size) == 0 && (path[size] == 0 || path[size] == '/')) return true;
  }
  return false;
}

/* security.selinux and the like belong to the node, trusted.* to the overlay file system. */
static bool may_travel(const char *name) {
  return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0;
}

struct list xattrs_read(int fd, uint8_t *buffer) {
  static char names[16384];
  static uint8_t value[XATTRS_SIZE];
  struct writer writer = writer_to(buffer, XATTRS_SIZE);
  uint32_t count = 0;
  ssize_t length = flistxattr(fd, names, sizeof names);
  for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
    ssize_t size = may_travel(name) ? fgetxattr(fd, name, value, sizeof value) : -1;
    struct writer before = writer;
    if (size < 0) continue;
    write_bytes(&writer, name, strlen(name));
    write_bytes(&writer, value, (size_t)size);
    if (writer.full) writer = before; /* too much: this one is left out */
    else count += 2;
  }
  return (struct list){count, reader_of(buffer, writer.length)};
}

void xattrs_write(int fd, struct list xattrs) {
  char name[256];
  for (uint32_t i = 0; i + 1 < xattrs.count; i += 2) {
    struct text key = read_bytes(&xattrs.items), value = read_bytes(&xattrs.items);
    if (key.length >= sizeof name) continue;
    memcpy(name, key.at, key.length);
    name[key.length] = 0;
    if (may_travel(name) && fsetxattr(fd, name, value.at, value.length, 0) != 0) errno = 0;
  }
}

struct level {
  DIR *directory;
  char name[256];
};

static int push(struct level *levels, size_t *depth, int folder, const char *name) {
  if (*depth == DEPTH_MAX) return ENAMETOOLONG;
  int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) return errno;
  levels[*depth].directory = directory;
  snprintf(levels[*depth].name, sizeof levels[*depth].name, "%s", name);
  ++*depth;
  return 0;
}

/* One step: empties the innermost folder by one name, or removes it when it is empty. */
static int remove_step(struct level *levels, size_t *depth, int folder) {
  struct level *level = &levels[*depth - 1];
  struct dirent *entry = readdir(level->directory);
  if (entry == NULL) {
    closedir(level->directory);
    --*depth;
    int parent = *depth > 0 ? dirfd(levels[*depth - 1].directory) : folder;
    return unlinkat(parent, level->name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
  }
  if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) return 0;
  int fd = dirfd(level->directory);
  if (unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  return push(levels, depth, fd, entry->d_name);
}

int remove_tree(int folder, const char *name) {
  if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  struct level *levels = allocate(DEPTH_MAX * sizeof *levels);
  size_t depth = 0;
  int error = push(levels, &depth, folder, name);
  while (error == 0 && depth > 0) error = remove_step(levels, &depth, folder);
  while (depth > 0) closedir(levels[--depth].directory);
  free(levels);
  return error;
}
