#include "port.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"

/* SEND_SIZE bounds what lies between the session, which puts urgent frames first, and the peer: the default grows to megabytes.
   AT_ONCE and PAUSE (milliseconds): any process of the Pod can connect without end, and must not get all of the agent's time. */
enum { BACKLOG = 8, SEND_SIZE = 262144, AT_ONCE = 4, PAUSE = 5 };

static struct source listener = {.fd = -1};
static struct timer pause_over;
static uint16_t listening; /* 0: not */
static uint8_t lock[SHA256_SIZE];

static void take_some(void *owner) {
  struct source *source = owner;
  for (int i = 0; i < AT_ONCE; i++) {
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return source_not_readable(source);
    int on = 1, size = SEND_SIZE;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    connection_add(fd, lock);
  }
  timer_start(&pause_over, PAUSE, take_some, source);
}

static void on_connect(struct source *source) {
  if (!pause_over.set) take_some(source);
}

void port_listen(uint16_t port, const uint8_t key_hash[SHA256_SIZE]) {
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
  memcpy(lock, key_hash, sizeof lock);
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
