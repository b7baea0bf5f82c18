#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base.h"

enum { BUFFER_SIZE = 65536, CONNECT_TIME = 1000, CONNECT_PAUSE = 5 };

/* One direction. */
struct lane {
  int from, to;
  size_t at, length;
  uint8_t data[BUFFER_SIZE];
};

/* `init` may not listen yet: the daemon calls as soon as the container exists. */
static int connect_soon(const struct sockaddr_un *address) {
  const struct timespec pause = {0, CONNECT_PAUSE * 1000000L};
  uint64_t end = clock_steady() + CONNECT_TIME;
  for (;;) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    if ((error != ENOENT && error != ECONNREFUSED && error != EAGAIN) || clock_steady() >= end) return -1;
    nanosleep(&pause, NULL);
  }
}

/* Terminals and files block shortly at most and are perhaps shared with others: those are left as they are. */
static void make_nonblocking(int fd) {
  struct stat info;
  if (fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) set_nonblocking(fd);
}

/* False: this direction has ended, and the relay with it. */
static bool move(struct lane *lane) {
  if (lane->length == 0) {
    ssize_t got = read(lane->from, lane->data, sizeof lane->data);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    lane->at = 0;
    lane->length = (size_t)got;
  }
  while (lane->length > 0) {
    ssize_t wrote = write(lane->to, lane->data + lane->at, lane->length);
    if (wrote < 0) return errno == EAGAIN || errno == EINTR;
    lane->at += (size_t)wrote;
    lane->length -= (size_t)wrote;
  }
  return true;
}

static void copy(int fd) {
  static struct lane up, down;
  up = (struct lane){.from = STDIN_FILENO, .to = fd};
  down = (struct lane){.from = fd, .to = STDOUT_FILENO};
  for (;;) {
    struct pollfd waits[4] = {
        {.fd = up.length == 0 ? up.from : -1, .events = POLLIN},
        {.fd = up.length > 0 || down.length == 0 ? fd : -1},
        /* Also when there is nothing to write: POLLERR tells that nobody reads our output any more. */
        {.fd = down.to, .events = down.length > 0 ? POLLOUT : 0},
    };
    if (down.length == 0) waits[1].events |= POLLIN;
    if (up.length > 0) waits[1].events |= POLLOUT;
    if (poll(waits, 3, -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if ((waits[0].revents || (waits[1].revents & POLLOUT)) && !move(&up)) return;
    if (((waits[1].revents & ~POLLOUT) || (waits[2].revents & POLLOUT)) && !move(&down)) return;
    if (waits[2].revents & (POLLERR | POLLNVAL)) return;
  }
}

int relay_run(const char *directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int wanted = snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", directory);
  if (wanted < 0 || (size_t)wanted >= sizeof address.sun_path) {
    complain("%s: the path is too long for a socket", directory);
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  int fd = connect_soon(&address);
  if (fd < 0) {
    complain("cannot reach the agent at %s: %s", address.sun_path, strerror(errno));
    return 1;
  }
  set_nonblocking(fd);
  make_nonblocking(STDIN_FILENO);
  make_nonblocking(STDOUT_FILENO);
  copy(fd);
  return 0;
}
