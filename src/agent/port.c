#include "port.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"

/* SEND_SIZE bounds what lies between the session, which puts urgent frames first, and the peer: the default grows to megabytes.
   A look at the table costs milliseconds: after a refusal the next waits, so that who connects without end does not get all of the agent's time. */
enum { BACKLOG = 8, SEND_SIZE = 262144, TABLE_MAX = 64 << 20, REFUSAL_TIME = 20 };

/* How a row of the kernel's table begins (after its number) that is the peer's end of a connection. */
struct row {
  char text[96];
  size_t length;
};

static struct source listener = {.fd = -1};
static uint16_t listening; /* 0: not */
static struct timer refusal;

/* What stands behind so many columns. */
static const char *after(const char *line, int columns) {
  for (; columns > 0; columns--) {
    line += strcspn(line, " ");
    line += strspn(line, " ");
  }
  return line;
}

/* The owner of a live socket may connect if it is root (which dials for the kubelet) or the agent's own user. An orphan is listed as root's, but without an inode. */
static bool owner_may(const char *rest) {
  const char *column = after(rest, 3);
  unsigned long uid = strtoul(column, NULL, 10), inode = strtoul(after(column, 2), NULL, 10);
  return *column != 0 && inode != 0 && (uid == 0 || uid == geteuid());
}

static bool line_may(const char *line, const struct row *row, bool *found) {
  const char *at = strchr(line, ':');
  if (at == NULL || at[1] != ' ' || strncmp(at + 2, row->text, row->length) != 0) return false;
  *found = true;
  return owner_may(at + 2 + row->length);
}

/* Reads through a buffer of its own: the container's processes decide how long the table is. */
static bool table_may(const char *path, const struct row *row, bool *found) {
  char buffer[4096];
  size_t length = 0, total = 0;
  bool may = false;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return false;
  while (!*found && length < sizeof buffer - 1 && total < TABLE_MAX) {
    ssize_t got = read(fd, buffer + length, sizeof buffer - 1 - length);
    if (got <= 0) break;
    total += (size_t)got;
    length += (size_t)got;
    buffer[length] = 0;
    char *line = buffer;
    for (char *end; !*found && (end = strchr(line, '\n')) != NULL; line = end + 1) {
      *end = 0;
      may = line_may(line, row, found);
    }
    length -= (size_t)(line - buffer);
    memmove(buffer, line, length);
  }
  close(fd);
  return may;
}

static bool owner_is_known(const struct sockaddr_in *peer, const struct sockaddr_in *own) {
  const char *mapped = "0000000000000000";
  struct row four, six;
  bool found = false;
  unsigned from = peer->sin_addr.s_addr, from_port = ntohs(peer->sin_port), to = own->sin_addr.s_addr, to_port = ntohs(own->sin_port);
  four.length = (size_t)snprintf(four.text, sizeof four.text, "%08X:%04X %08X:%04X 01 ", from, from_port, to, to_port);
  /* The peer may have made an IPv6 socket and connected to ::ffff:127.0.0.1. */
  six.length = (size_t)snprintf(six.text, sizeof six.text, "%s%08X%08X:%04X %s%08X%08X:%04X 01 ", mapped, htonl(0xffff), from, from_port,
                                mapped, htonl(0xffff), to, to_port);
  if (table_may("/proc/self/net/tcp", &four, &found)) return true;
  return !found && table_may("/proc/self/net/tcp6", &six, &found);
}

/* As long as our end is established, the other end is the one socket of that name. */
static bool is_established(int fd) {
  struct tcp_info info = {0};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED;
}

static bool may_connect(int fd) {
  struct sockaddr_in peer, own;
  socklen_t peer_size = sizeof peer, own_size = sizeof own;
  if (getpeername(fd, (struct sockaddr *)&peer, &peer_size) != 0 || getsockname(fd, (struct sockaddr *)&own, &own_size) != 0) return false;
  /* Twice: the kernel reads uid and inode one after the other, and a socket that was orphaned between them shows itself in the second look. */
  return owner_is_known(&peer, &own) && owner_is_known(&peer, &own) && is_established(fd);
}

static void on_connect(struct source *source);
static void refusal_over(void *owner) { on_connect(owner); }

static void on_connect(struct source *source) {
  if (refusal.set) return;
  for (int fd; (fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
    int on = 1, size = SEND_SIZE;
    /* Without a line on stderr: any process of the container could fill the log with it. */
    if (!may_connect(fd)) {
      close(fd);
      return timer_start(&refusal, REFUSAL_TIME, refusal_over, source);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    connection_add(fd);
  }
  source_not_readable(source);
}

void port_listen(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0) {
    close(fd);
    return;
  }
  listening = port;
  loop_watch(&listener, fd, on_connect, NULL);
}

bool port_is_behind(const struct sockaddr *address) {
  struct in_addr host;
  in_port_t port;
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    host = four->sin_addr;
    port = four->sin_port;
  } else {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) return false;
    memcpy(&host, six->sin6_addr.s6_addr + 12, sizeof host);
    port = six->sin6_port;
  }
  /* Connecting to 0.0.0.0 is connecting to oneself. */
  bool ours = host.s_addr == htonl(INADDR_LOOPBACK) || host.s_addr == htonl(INADDR_ANY);
  return listening != 0 && ours && port == htons(listening);
}
