#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"
#include "output.h"
#include "spool.h"

enum { FINISH_TIME = 500 };

static struct spool_reader reader;
static struct source targets[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
static uint8_t buffer[SPOOL_READ_MIN];
static size_t at, length;
static size_t rest; /* bytes of the present record still to write */
static uint8_t channel;

static void nothing_to_do(struct source *source) { (void)source; }
static void on_more(struct spool_reader *more) { (void)more; }

/* A description of its own where that is possible (pipes), so that non-blocking writes are ours alone. */
static void open_target(int number) {
  char path[32];
  struct stat info;
  snprintf(path, sizeof path, "/proc/self/fd/%d", number);
  int fd = -1;
  if (fstat(number, &info) == 0 && S_ISFIFO(info.st_mode)) fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
  if (fd >= 0) loop_watch(&targets[number], fd, nothing_to_do, NULL);
}

void tee_open(void) {
  open_target(STDOUT_FILENO);
  open_target(STDERR_FILENO);
  reader = (struct spool_reader){.channels = 3, .on_more = on_more};
  spool_reader_open(&reader, FROM_START, 0);
}

/* False if nothing can be written now. */
static bool write_rest(void) {
  struct source *target = &targets[channel];
  while (rest > 0 && source_open(target)) {
    if (!source_writable(target)) return false;
    ssize_t wrote = write(target->fd, buffer + at, rest);
    if (wrote >= 0) {
      at += (size_t)wrote;
      rest -= (size_t)wrote;
    } else if (errno == EAGAIN) {
      source_not_writable(target);
    } else if (errno != EINTR) {
      loop_close(target); /* nobody reads the container's log any more */
    }
  }
  at += rest;
  rest = 0;
  return true;
}

bool tee_turn(void) {
  for (int i = 0; i < 16; i++) {
    if (!write_rest()) return false;
    if (at == length) {
      at = 0;
      length = spool_read(&reader, spool_end(), buffer);
      if (length == 0) return false;
    }
    struct record record = read_record(buffer + at);
    at += RECORD_HEADER;
    if (record.channel == 0) at += record.length;
    else {
      channel = record.channel;
      rest = record.length;
    }
  }
  return true;
}

void tee_finish(void) {
  uint64_t end = clock_steady() + FINISH_TIME;
  while (clock_steady() < end) {
    if (tee_turn()) continue;
    if (rest == 0 || !source_open(&targets[channel])) return;
    struct pollfd wait = {.fd = targets[channel].fd, .events = POLLOUT};
    poll(&wait, 1, 50);
    if (wait.revents) targets[channel].ready |= EPOLLOUT;
  }
}
