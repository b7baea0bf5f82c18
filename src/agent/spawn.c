#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "tty.h"

void fail(struct failure *failure, uint8_t stage, int error, const char *format, ...) {
  failure->stage = stage;
  failure->error = error;
  va_list values;
  va_start(values, format);
  vsnprintf(failure->text, sizeof failure->text, format, values);
  va_end(values);
}

static bool terminated(char **at, char *end, struct text text) {
  if ((size_t)(end - *at) <= text.length || memchr(text.at, 0, text.length) != NULL) return false;
  memcpy(*at, text.at, text.length);
  *at += text.length;
  *(*at)++ = 0;
  return true;
}

/* `extra` leaves room for HOME. */
static char **vector(struct list list, char **at, char *end, size_t extra) {
  char **strings = allocate((list.count + extra + 1) * sizeof *strings);
  for (uint32_t i = 0; i < list.count; i++) {
    strings[i] = *at;
    if (!terminated(at, end, read_bytes(&list.items))) {
      free(strings);
      return NULL;
    }
  }
  return strings;
}

static const char *variable(char **env, const char *name) {
  size_t length = strlen(name);
  for (; *env != NULL; env++)
    if (strncmp(*env, name, length) == 0 && (*env)[length] == '=') return *env + length + 1;
  return NULL;
}

static bool prepare_strings(const struct spec *spec, struct child *child, struct failure *failure) {
  /* Each string and its zero byte are shorter than its field, whose length takes four bytes. */
  size_t size = spec->argv.items.left + spec->env.items.left + spec->cwd.length + 1;
  child->strings = allocate(size);
  char *at = child->strings, *end = child->strings + size;
  child->argv = vector(spec->argv, &at, end, 0);
  child->env = vector(spec->env, &at, end, 1);
  child->cwd = at;
  bool fits = terminated(&at, end, spec->cwd);
  if (child->argv == NULL || child->env == NULL || !fits || spec->argv.count == 0 || child->argv[0][0] == 0) {
    fail(failure, STAGE_STATE, EINVAL, "the command is empty or holds a zero byte");
    return false;
  }
  if (child->cwd[0] == 0) child->cwd = (char *)"/";
  if (child->cwd[0] != '/') {
    fail(failure, STAGE_CWD, EINVAL, "%s: the working directory must be absolute", child->cwd);
    return false;
  }
  snprintf(child->home, sizeof child->home, "HOME=%s", child->identity.home);
  if (variable(child->env, "HOME") == NULL) child->env[spec->env.count] = child->home;
  child->path = variable(child->env, "PATH");
  return true;
}

static void close_all(int *fds, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fds[i] >= 0) close(fds[i]);
}

/* ends[0..2] become the child's 0, 1, 2; ours[0..2] stay here. */
static bool prepare_pipes(const struct spec *spec, int how, int ends[3], int ours[3]) {
  int pair[2];
  for (int i = 0; i < 3; i++) {
    if ((i == 0 && !(spec->flags & SPEC_STDIN)) || (i > 0 && (how & SPAWN_DROPS_OUTPUT))) {
      ends[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (ends[i] < 0) return false;
      continue;
    }
    if (pipe2(pair, O_CLOEXEC) != 0) return false;
    ends[i] = pair[i == 0 ? 0 : 1];
    ours[i] = pair[i == 0 ? 1 : 0];
  }
  return true;
}

static bool prepare_terminal(const struct spec *spec, int ends[3], int ours[3]) {
  return tty_open(&ours[1], &ends[0], spec->rows, spec->columns);
}

/* The pipe closes when the program runs; before that the child writes why it does not. */
static bool hear_of_exec(int fd, struct failure *failure) {
  struct child_error error;
  ssize_t got;
  do got = read(fd, &error, sizeof error);
  while (got < 0 && errno == EINTR);
  if (got == 0) return true;
  if (got != (ssize_t)sizeof error) error = (struct child_error){STAGE_FORK, EIO};
  failure->stage = error.stage;
  failure->error = error.error;
  return false;
}

static bool launch(struct child *child, struct spawned *spawned, struct failure *failure) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    fail(failure, STAGE_FORK, errno, "cannot make a pipe: %s", strerror(errno));
    return false;
  }
  spawned->pid = fork();
  if (spawned->pid == 0) {
    child->report = report[1];
    child_run(child);
  }
  int error = errno;
  close(report[1]);
  bool runs = spawned->pid > 0 && hear_of_exec(report[0], failure);
  close(report[0]);
  if (runs) return true;
  if (spawned->pid < 0) {
    fail(failure, STAGE_FORK, error, "cannot fork: %s", strerror(error));
    return false;
  }
  const char *subject = failure->stage == STAGE_CWD       ? child->cwd
                        : failure->stage == STAGE_PROGRAM ? child->argv[0]
                        : failure->stage == STAGE_USER    ? "cannot become the user"
                                                          : "cannot prepare the process";
  fail(failure, failure->stage, failure->error, "%s: %s", subject, strerror(failure->error));
  return false;
}

bool spawn(const struct spec *spec, int how, struct spawned *spawned, struct failure *failure) {
  struct child child = {.ends = {-1, -1, -1}, .creates_cwd = (how & SPAWN_CREATES_CWD) != 0};
  int ours[3] = {-1, -1, -1};
  char why[256];
  bool terminal = (spec->flags & SPEC_TTY) && !(how & SPAWN_DROPS_OUTPUT);
  bool done = false;
  child.terminal = terminal;
  if (!identity_resolve(spec->user, spec->groups, &child.identity, why, sizeof why)) {
    fail(failure, STAGE_USER, ENOENT, "%s", why);
  } else if (!prepare_strings(spec, &child, failure)) {
    /* said already */
  } else if (!(terminal ? prepare_terminal(spec, child.ends, ours) : prepare_pipes(spec, how, child.ends, ours))) {
    fail(failure, terminal ? STAGE_TERMINAL : STAGE_FORK, errno, "cannot make the process's terminal or pipes: %s", strerror(errno));
  } else {
    done = launch(&child, spawned, failure);
  }
  close_all(child.ends, 3);
  if (!done) close_all(ours, 3);
  spawned->in = ours[0];
  spawned->out = ours[1];
  spawned->err = ours[2];
  free(child.strings);
  free(child.argv);
  free(child.env);
  return done;
}
