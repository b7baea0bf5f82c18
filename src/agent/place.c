#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK = O_PATH | O_DIRECTORY | O_CLOEXEC };

void target_open(struct target *target) { target->root_fd = target->folder = -1; }

void target_close(struct target *target) {
  if (target->root_fd >= 0) close(target->root_fd);
  if (target->folder >= 0) close(target->folder);
  target_open(target);
}

static void copy_text(char *to, struct text text) {
  memcpy(to, text.at, text.length);
  to[text.length] = 0;
}

static int open_root(struct target *target) {
  if (target->root_fd < 0) target->root_fd = open(target->root, LOOK);
  return target->root_fd < 0 ? errno : 0;
}

/* Opens a folder below the root, making what is missing. Symlinks lead where they lead for every process of the container. */
static int open_folder(struct target *target, char *path) {
  if (*path == 0) return openat(target->root_fd, ".", LOOK);
  int fd = openat(target->root_fd, path, LOOK);
  if (fd >= 0 || errno != ENOENT) return fd;
  for (char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = 0;
    mkdirat(target->root_fd, path, 0755);
    *slash = '/';
  }
  mkdirat(target->root_fd, path, 0755);
  return openat(target->root_fd, path, LOOK);
}

static int find_folder(struct target *target, char *path) {
  if (target->folder >= 0 && strcmp(target->folder_path, path) == 0) return 0;
  if (target->folder >= 0) close(target->folder);
  target->folder = open_folder(target, path);
  if (target->folder < 0) return errno;
  memcpy(target->folder_path, path, strlen(path) + 1);
  return 0;
}

/* An empty path is the root itself: a name in the root's own parent. */
static int find_root_name(struct target *target, char *name) {
  char path[ENTRY_PATH_MAX + 1];
  memcpy(path, target->root, sizeof path);
  char *slash = strrchr(path, '/');
  if (strlen(slash + 1) >= 256) return ENAMETOOLONG;
  strcpy(name, slash[1] == 0 ? "." : slash + 1);
  slash[slash == path ? 1 : 0] = 0;
  if (target->folder >= 0) close(target->folder);
  target->folder = open(path, LOOK);
  strcpy(target->folder_path, "..");
  return target->folder < 0 ? errno : 0;
}

/* Sets target->folder and the name in it. */
static int find_place(struct target *target, struct text text, char *name) {
  char path[ENTRY_PATH_MAX + 1];
  int error;
  if (text.length == 0) {
    error = find_root_name(target, name);
  } else {
    copy_text(path, text);
    char *slash = strrchr(path, '/');
    const char *last = slash == NULL ? path : slash + 1;
    if (strlen(last) >= 256) return ENAMETOOLONG;
    strcpy(name, last);
    if (slash != NULL) *slash = 0;
    else path[0] = 0;
    error = open_root(target);
    if (error == 0) error = find_folder(target, path);
  }
  if (error == 0 && place_is_hidden(target->folder, name)) error = EACCES;
  return error;
}

static int give_owner(const struct target *target, int folder, const char *name, const struct entry *entry) {
  if ((target->flags & APPLY_KEEP_OWNER) == 0) return 0;
  if (fchownat(folder, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) == 0) return 0;
  /* Without root's rights everything belongs to the agent's user, as with tar. */
  return errno == EPERM && geteuid() != 0 ? 0 : errno;
}

static void give_time(int folder, const char *name, uint64_t mtime) {
  struct timespec time = {(time_t)(mtime / 1000000000u), (long)(mtime % 1000000000u)};
  struct timespec times[2] = {time, time};
  utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}

void place_time(struct target *target, const char *path, uint64_t mtime) {
  if (open_root(target) == 0) give_time(target->root_fd, *path == 0 ? "." : path, mtime);
}

/* What stands at the name must go, unless a rename will replace it. Strict: a folder never gives way to a file nor the reverse. */
static int make_way(const struct target *target, int folder, const char *name, bool for_folder) {
  struct stat info;
  if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : errno;
  if (S_ISDIR(info.st_mode) == for_folder) return 0;
  if (target->flags & APPLY_STRICT) return for_folder ? ENOTDIR : EISDIR;
  return remove_tree(folder, name);
}

static int place_folder(struct target *target, const struct entry *entry, int folder, const char *name) {
  int error = make_way(target, folder, name, true);
  if (error != 0) return error;
  bool made = mkdirat(folder, name, 0700) == 0;
  if (!made && errno != EEXIST) return errno;
  /* The folder that was named as the place to put things into stays as it is. */
  if (!made && entry->path.length == 0) return 0;
  int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno;
  error = give_owner(target, folder, name, entry);
  if (error == 0 && fchmod(fd, entry->mode & 07777) != 0) error = errno;
  xattrs_write(fd, entry->xattrs);
  close(fd);
  return error;
}

static int link_existing(struct target *target, const struct entry *entry, int folder, const char *temporary) {
  char name[256];
  int keep = dup(folder); /* finding the other place may close it */
  if (keep < 0) return errno;
  int error = find_place(target, entry->link, name);
  if (error == 0 && linkat(target->folder, name, keep, temporary, 0) != 0) error = errno;
  close(keep);
  return error;
}

static mode_t node_type(uint8_t type) {
  switch (type) {
    case 'c': return S_IFCHR;
    case 'b': return S_IFBLK;
    case 'p': return S_IFIFO;
    default: return S_IFSOCK;
  }
}

/* Everything but folders and plain files: made under another name and renamed, so that the old thing is there until the new one is. */
static int place_node(struct target *target, const struct entry *entry, int folder, const char *name) {
  static const char temporary[] = ".badidea-node";
  char link[ENTRY_PATH_MAX + 1];
  int error = 0;
  unlinkat(folder, temporary, 0);
  if (entry->type == 'h') {
    error = link_existing(target, entry, folder, temporary);
  } else if (entry->type == 'l') {
    copy_text(link, entry->link);
    if (symlinkat(link, folder, temporary) != 0) error = errno;
  } else if (mknodat(folder, temporary, node_type(entry->type) | 0600, (dev_t)entry->rdev) != 0) {
    error = errno;
  }
  if (error != 0) return error;
  if (entry->type != 'h') {
    error = give_owner(target, folder, temporary, entry);
    if (error == 0 && entry->type != 'l' && fchmodat(folder, temporary, entry->mode & 07777, 0) != 0) error = errno;
    give_time(folder, temporary, entry->mtime);
  }
  if (error == 0 && renameat(folder, temporary, folder, name) != 0) error = errno;
  /* Between two names of one file rename does nothing at all. */
  unlinkat(folder, temporary, 0);
  return error;
}

static int begin_file(struct placing *placing) {
  static unsigned number;
  for (int tries = 0; tries < 100; tries++) {
    snprintf(placing->temporary, sizeof placing->temporary, ".badidea-%d-%u", (int)getpid(), number++);
    placing->file = openat(placing->folder, placing->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (placing->file >= 0 || errno != EEXIST) break;
  }
  return placing->file < 0 ? errno : 0;
}

int place_entry(struct target *target, const struct entry *entry, struct placing *placing) {
  char name[256];
  int error = find_place(target, entry->path, name);
  if (error != 0) return error;
  if (entry->type == 'd') return place_folder(target, entry, target->folder, name);
  if (strcmp(name, ".") == 0) return EISDIR;
  error = make_way(target, target->folder, name, false);
  if (error != 0) return error;
  int folder = dup(target->folder);
  if (folder < 0) return errno;
  if (entry->type != 'f') {
    error = place_node(target, entry, folder, name);
    close(folder);
    return error;
  }
  placing->folder = folder;
  strcpy(placing->name, name);
  error = begin_file(placing);
  if (error != 0) close(folder);
  return error;
}

int place_finish(struct target *target, const struct entry *entry, struct placing *placing) {
  int error = give_owner(target, placing->folder, placing->temporary, entry);
  if (error == 0 && fchmod(placing->file, entry->mode & 07777) != 0) error = errno;
  xattrs_write(placing->file, entry->xattrs);
  give_time(placing->folder, placing->temporary, entry->mtime);
  if (close(placing->file) != 0 && error == 0) error = errno;
  placing->file = -1;
  if (error == 0 && renameat(placing->folder, placing->temporary, placing->folder, placing->name) != 0) error = errno;
  if (error != 0) unlinkat(placing->folder, placing->temporary, 0);
  close(placing->folder);
  return error;
}

void place_cancel(struct placing *placing) {
  close(placing->file);
  unlinkat(placing->folder, placing->temporary, 0);
  close(placing->folder);
  placing->file = -1;
}
