#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kinds.h"
#include "pipes.h"
#include "port.h"

/* A filter that drops packets to one own address must not keep the next from being tried. */
enum { ADDRESSES_MAX = 16, TRY_TIME = 10000 };

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

struct dial {
  struct stream *stream; /* NULL: both directions have ended, the last bytes are on their way to a slow reader */
  struct source socket;
  struct sink sink;
  struct timer timer;
  union address addresses[ADDRESSES_MAX];
  int count, next, error;
  bool connected;
};

static void try_next(struct dial *dial);

static void abort_socket(struct source *socket) {
  if (!source_open(socket)) return;
  struct linger hard = {1, 0};
  setsockopt(socket->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  loop_close(socket);
}

static void try_failed(struct dial *dial, int error) {
  /* Of several failures "refused" says most: somebody was there. */
  if (dial->error != ECONNREFUSED) dial->error = error;
  loop_close(&dial->socket);
  try_next(dial);
}

static void try_late(void *owner) { try_failed(owner, ETIMEDOUT); }

static void broken(struct dial *dial, int error) {
  if (dial->stream != NULL) stream_reset(dial->stream, error, "%s", strerror(error));
}

static void let_go(struct dial *dial) {
  timer_stop(&dial->timer);
  abort_socket(&dial->socket);
  sink_free(&dial->sink);
  loop_free(dial);
}

static void push(struct dial *dial) {
  enum sink_result result = sink_push(&dial->sink, dial->stream);
  if (dial->stream == NULL && result != SINK_OPEN) {
    loop_close(&dial->socket);
    return let_go(dial);
  }
  if (result == SINK_BROKEN) return broken(dial, ECONNRESET);
  if (result == SINK_ENDED) shutdown(dial->socket.fd, SHUT_WR);
}

static void say_connected(struct dial *dial) {
  int on = 1;
  timer_stop(&dial->timer);
  dial->connected = true;
  setsockopt(dial->socket.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct writer writer = stream_message(MSG_CONNECTED);
  stream_send(dial->stream, &writer);
  dial->sink.to = &dial->socket;
}

static void on_ready(struct source *source) {
  struct dial *dial = source->owner;
  if (!dial->connected) {
    if (!source_writable(source)) return;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return try_failed(dial, error);
    say_connected(dial);
  }
  push(dial);
  if (dial->stream != NULL) stream_wake(dial->stream);
}

static void try_next(struct dial *dial) {
  while (dial->next < dial->count) {
    union address *address = &dial->addresses[dial->next++];
    if (port_is_behind(&address->any)) {
      dial->error = ECONNREFUSED;
      continue;
    }
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      if (dial->error == 0) dial->error = errno;
      continue;
    }
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
    if (connect(fd, &address->any, size) != 0 && errno != EINPROGRESS) {
      if (dial->error != ECONNREFUSED) dial->error = errno;
      close(fd);
      continue;
    }
    loop_watch(&dial->socket, fd, on_ready, dial);
    timer_start(&dial->timer, TRY_TIME, try_late, dial);
    return;
  }
  int error = dial->error != 0 ? dial->error : EHOSTUNREACH;
  stream_reset(dial->stream, error, "%s", strerror(error));
}

static enum turn turn(struct stream *stream) {
  struct dial *dial = stream->owner;
  if (!dial->connected || stream->sent_eof || !source_readable(&dial->socket)) return TURN_IDLE;
  switch (pull(&dial->socket, stream, 0, SIZE_MAX)) {
    case PULL_SENT: return TURN_AGAIN;
    case PULL_END: stream_finish(stream); return TURN_IDLE;
    case PULL_ERROR: broken(dial, errno); return TURN_IDLE;
    default: return TURN_IDLE;
  }
}

static void data(struct stream *stream, uint8_t channel, const uint8_t *bytes, size_t length) {
  struct dial *dial = stream->owner;
  (void)channel;
  sink_add(&dial->sink, stream, bytes, length);
  if (dial->sink.broken) broken(dial, ECONNRESET);
}

static void eof(struct stream *stream) {
  struct dial *dial = stream->owner;
  dial->sink.ended = true;
  if (dial->connected) push(dial);
}

static void ended(struct stream *stream, enum ending ending) {
  struct dial *dial = stream->owner;
  dial->stream = NULL;
  if (ending == ENDED_CLOSED && dial->sink.queue.length > 0) return;
  if (ending == ENDED_CLOSED) loop_close(&dial->socket);
  let_go(dial);
}

static const struct stream_calls calls = {.data = data, .eof = eof, .turn = turn, .ended = ended};

static void add_v4(struct dial *dial, const void *address, uint16_t port) {
  if (dial->count == ADDRESSES_MAX) return;
  union address *to = &dial->addresses[dial->count++];
  to->v4.sin_family = AF_INET;
  to->v4.sin_port = htons(port);
  memcpy(&to->v4.sin_addr, address, sizeof to->v4.sin_addr);
}

static void add_v6(struct dial *dial, const void *address, uint16_t port) {
  if (dial->count == ADDRESSES_MAX) return;
  union address *to = &dial->addresses[dial->count++];
  to->v6.sin6_family = AF_INET6;
  to->v6.sin6_port = htons(port);
  memcpy(&to->v6.sin6_addr, address, sizeof to->v6.sin6_addr);
}

static void add_own(struct dial *dial, uint16_t port, int family) {
  struct ifaddrs *list = NULL;
  if (getifaddrs(&list) != 0) return;
  for (struct ifaddrs *one = list; one != NULL; one = one->ifa_next) {
    const union address *address = (const union address *)(const void *)one->ifa_addr;
    if (address == NULL || (one->ifa_flags & IFF_LOOPBACK) || dial->count >= ADDRESSES_MAX - 2) continue;
    if (address->any.sa_family != family) continue;
    if (family == AF_INET) add_v4(dial, &address->v4.sin_addr, port);
    else if (!IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr)) add_v6(dial, &address->v6.sin6_addr, port);
  }
  freeifaddrs(list);
}

static bool find_addresses(struct dial *dial, struct text host, uint16_t port) {
  const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
  char name[INET6_ADDRSTRLEN];
  uint8_t address[16];
  if (host.length == 0) {
    add_own(dial, port, AF_INET);
    add_own(dial, port, AF_INET6);
    add_v4(dial, &loopback, port);
    add_v6(dial, &in6addr_loopback, port);
    return true;
  }
  if (host.length >= sizeof name) return false;
  memcpy(name, host.at, host.length);
  name[host.length] = 0;
  if (inet_pton(AF_INET, name, address) == 1) add_v4(dial, address, port);
  else if (inet_pton(AF_INET6, name, address) == 1) add_v6(dial, address, port);
  return dial->count > 0;
}

void dial_open(struct stream *stream, const struct open_request *open) {
  if (open->protocol != IPPROTO_TCP) return stream_reset(stream, EPROTONOSUPPORT, "only TCP can be dialled");
  struct dial *dial = allocate(sizeof *dial);
  dial->stream = stream;
  dial->socket.fd = -1;
  stream->owner = dial;
  stream->calls = &calls;
  if (!find_addresses(dial, open->host, open->port)) return stream_reset(stream, EINVAL, "the host must be an IP address");
  try_next(dial);
}
