#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "limits.h"

static struct child *self;

static _Noreturn void give_up(uint8_t stage, int error) {
  struct child_error report;
  memset(&report, 0, sizeof report);
  report.stage = stage;
  report.error = error;
  ssize_t ignored = write(self->report, &report, sizeof report);
  (void)ignored;
  _exit(127);
}

static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Everything of the agent is close-on-exec already; this is for what the container runtime left open. */
static void mark_descriptors(void) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
  DIR *directory = opendir("/proc/self/fd");
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd > 2) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  closedir(directory);
}

static void take_streams(void) {
  setsid();
  if (self->terminal && ioctl(self->ends[0], TIOCSCTTY, 0) != 0) give_up(STAGE_TERMINAL, errno);
  for (int i = 0; i < 3; i++) {
    int from = self->terminal ? self->ends[0] : self->ends[i];
    /* So that a program of another user can open /dev/stdout; never /dev/null, which is everybody's. */
    struct stat info;
    bool own = self->terminal || (fstat(from, &info) == 0 && S_ISFIFO(info.st_mode));
    if (own && self->identity.uid != geteuid() && fchown(from, self->identity.uid, (gid_t)-1) != 0) errno = 0;
    if (dup2(from, i) < 0) give_up(STAGE_FORK, errno);
  }
}

static void create_directory(const char *path) {
  char part[ENTRY_PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof part) return;
  for (size_t i = 1; i <= length; i++) {
    if (path[i] != '/' && path[i] != 0) continue;
    memcpy(part, path, i);
    part[i] = 0;
    mkdir(part, 0755);
  }
}

static void become_user(void) {
  const struct identity *identity = &self->identity;
  if (geteuid() == 0) {
    if (setgroups(identity->group_count, identity->groups) != 0 || setgid(identity->gid) != 0 || setuid(identity->uid) != 0)
      give_up(STAGE_USER, errno);
    return;
  }
  if (identity->uid != geteuid() || (identity->gid != getegid() && setgid(identity->gid) != 0)) give_up(STAGE_USER, EPERM);
}

static bool is_program(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return false;
  if (S_ISDIR(info.st_mode) || access(path, X_OK) != 0) {
    errno = EACCES;
    return false;
  }
  return true;
}

/* As the shell does: the first that can be run; if one was there but may not be run, that is the error. */
static int run_from_path(const char *name, const char *path) {
  char whole[ENTRY_PATH_MAX];
  int error = ENOENT;
  while (true) {
    size_t length = strcspn(path, ":");
    int wanted = length == 0 ? snprintf(whole, sizeof whole, "./%s", name)
                             : snprintf(whole, sizeof whole, "%.*s/%s", (int)length, path, name);
    if (wanted > 0 && (size_t)wanted < sizeof whole) {
      if (is_program(whole)) {
        execve(whole, self->argv, self->env);
        return errno;
      }
      if (errno == EACCES) error = EACCES;
    }
    if (path[length] == 0) return error;
    path += length + 1;
  }
}

_Noreturn void child_run(struct child *child) {
  self = child;
  mark_descriptors();
  take_streams();
  reset_signals();
  limits_restore();
  umask(022);
  if (child->creates_cwd && access(child->cwd, F_OK) != 0) create_directory(child->cwd);
  /* As root a directory is found that the user may not enter, as the user one that root may not (NFS): Docker tries both. */
  bool entered = chdir(child->cwd) == 0;
  become_user();
  if (!entered && chdir(child->cwd) != 0) give_up(STAGE_CWD, errno);
  if (strchr(child->argv[0], '/') != NULL) {
    execve(child->argv[0], child->argv, child->env);
    give_up(STAGE_PROGRAM, errno);
  }
  const char *path = child->path != NULL ? child->path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  give_up(STAGE_PROGRAM, run_from_path(child->argv[0], path));
}
