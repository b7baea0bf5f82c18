#include "walker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static uint8_t type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return 'f';
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    case S_IFIFO: return 'p';
    default: return 's';
  }
}

static struct text text_of(const char *string) { return (struct text){(const uint8_t *)string, strlen(string)}; }

static void put_entry(struct walker *walk, const struct stat *info, int fd, const char *link) {
  static uint8_t xattrs[XATTRS_SIZE];
  int64_t seconds = info->st_mtim.tv_sec < 0 ? 0 : info->st_mtim.tv_sec;
  struct entry entry = {
      .type = type_of(info->st_mode),
      .mode = info->st_mode & 07777,
      .uid = info->st_uid,
      .gid = info->st_gid,
      .mtime = (uint64_t)seconds * 1000000000u + (uint64_t)info->st_mtim.tv_nsec,
      .rdev = S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode) ? info->st_rdev : 0,
      .path = text_of(walk->path),
      .link = text_of(link),
      .xattrs = fd >= 0 ? xattrs_read(fd, xattrs) : (struct list){0, reader_of(xattrs, 0)},
  };
  if (S_ISREG(info->st_mode)) {
    if (link[0] != 0) entry.type = 'h';
    else entry.size = walk->left;
  }
  write_entry(&walk->out, &entry);
  walk->entries++;
}

static void end_file(struct walker *walk) {
  if (walk->file >= 0) close(walk->file);
  walk->file = -1;
  write_u8(&walk->out, walk->status);
}

/* `fd` is the open file or -1 with errno: then no bytes follow, only the errno as status. */
static void put_file(struct walker *walk, struct stat *info, int fd) {
  bool content = (walk->flags & WALK_NO_CONTENT) == 0;
  walk->status = fd < 0 && content ? (uint8_t)errno : 0;
  walk->left = fd < 0 && content ? 0 : (uint64_t)info->st_size;
  put_entry(walk, info, fd, "");
  walk->file = fd;
  if (!content) {
    if (fd >= 0) close(fd);
    walk->file = -1;
    walk->left = 0;
  } else if (walk->left == 0) {
    end_file(walk);
  }
}

static int open_file(int folder, const char *name, const struct stat *info) {
  /* Only what was a plain file a moment ago is opened, and even then without waiting: it may be a FIFO by now. */
  int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat now;
  if (fd < 0 || (fstat(fd, &now) == 0 && now.st_ino == info->st_ino && now.st_dev == info->st_dev)) return fd;
  close(fd);
  errno = ESTALE;
  return -1;
}

static void enter(struct walker *walk, int fd) {
  if (fd < 0) return;
  DIR *directory = NULL;
  if ((walk->flags & WALK_ALONE) == 0) {
    if (walk->depth == DEPTH_MAX) walk->error = ENAMETOOLONG;
    else directory = fdopendir(fd);
  }
  if (directory == NULL) {
    close(fd);
    return;
  }
  walk->levels[walk->depth] = directory;
  walk->lengths[walk->depth++] = strlen(walk->path);
}

/* The thing `name` in `folder`, which stands at walk->path. */
static void put(struct walker *walk, int folder, const char *name, struct stat *info) {
  if (S_ISDIR(info->st_mode)) {
    bool hidden = place_is_hidden(folder, name);
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    put_entry(walk, info, fd, "");
    if (!hidden) enter(walk, fd);
    else if (fd >= 0) close(fd);
  } else if (S_ISREG(info->st_mode)) {
    const char *first = info->st_nlink > 1 && walk->path[0] != 0 ? hardlinks_meet(walk->links, info, walk->path) : NULL;
    if (first != NULL) put_entry(walk, info, -1, first);
    else put_file(walk, info, open_file(folder, name, info));
  } else if (S_ISLNK(info->st_mode)) {
    char target[ENTRY_PATH_MAX + 1];
    ssize_t length = readlinkat(folder, name, target, ENTRY_PATH_MAX);
    target[length < 0 ? 0 : length] = 0;
    put_entry(walk, info, -1, target);
  } else {
    put_entry(walk, info, -1, "");
  }
}

static void next_name(struct walker *walk) {
  DIR *directory = walk->levels[walk->depth - 1];
  size_t length = walk->lengths[walk->depth - 1];
  walk->path[length] = 0;
  struct dirent *entry = readdir(directory);
  if (entry == NULL) {
    closedir(directory);
    walk->finished = --walk->depth == 0;
    return;
  }
  const char *name = entry->d_name;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return;
  int wanted = snprintf(walk->path + length, sizeof walk->path - length, "%s%s", length > 0 ? "/" : "", name);
  if (wanted < 0 || (size_t)wanted >= sizeof walk->path - length) {
    walk->error = ENAMETOOLONG;
    return;
  }
  struct stat info;
  if (strcmp(name, ".badidea") == 0 && place_is_hidden(dirfd(directory), name)) return;
  if (fstatat(dirfd(directory), name, &info, AT_SYMLINK_NOFOLLOW) != 0) return; /* gone meanwhile */
  put(walk, dirfd(directory), name, &info);
}

static void next_content(struct walker *walk) {
  size_t size = walk->left < FRAME_SIZE ? (size_t)walk->left : FRAME_SIZE;
  uint8_t *at = walk->out.data + walk->out.length;
  ssize_t got = walk->status != 0 ? 0 : read(walk->file, at, size);
  if (got <= 0) {
    /* The head has promised `size` bytes: a file that became shorter, or cannot be read, is filled up and marked. */
    if (walk->status == 0) walk->status = (uint8_t)(got < 0 ? errno : EIO);
    memset(at, 0, size);
    got = (ssize_t)size;
  }
  walk->out.length += (size_t)got;
  walk->left -= (uint64_t)got;
  if (walk->left == 0) end_file(walk);
}

void walker_fill(struct walker *walk) {
  walk->at = 0;
  walk->out = writer_to(walk->buffer, sizeof walk->buffer);
  while (walk->out.length < FRAME_SIZE && walk->error == 0) {
    if (walk->file >= 0) next_content(walk);
    else if (!walk->finished) next_name(walk);
    else return;
  }
}

/* By its real path, so that the checks see where it really lies. */
int walker_start(struct walker *walk, const char *path) {
  char link[64], real[ENTRY_PATH_MAX + 1];
  struct stat info;
  int fd = open(path, O_PATH | O_CLOEXEC | (walk->flags & WALK_FOLLOW ? 0 : O_NOFOLLOW));
  if (fd < 0) return errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = fstat(fd, &info) == 0 ? readlink(link, real, ENTRY_PATH_MAX) : -1;
  int error = length < 0 ? errno : 0;
  close(fd);
  if (error != 0) return error;
  real[length] = 0;
  char *slash = strrchr(real, '/');
  if (slash == NULL) return ENOENT;
  const char *name = slash[1] == 0 ? "." : slash + 1;
  *slash = 0;
  int folder = open(slash == real ? "/" : real, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return errno;
  if (place_is_hidden(folder, name)) error = EACCES;
  else put(walk, folder, name, &info);
  close(folder);
  walk->finished = walk->depth == 0;
  return error;
}

void walker_stop(struct walker *walk) {
  while (walk->depth > 0) closedir(walk->levels[--walk->depth]);
  if (walk->file >= 0) close(walk->file);
}

