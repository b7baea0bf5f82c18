#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "replay.h"
#include "session.h"
#include "sha256.h"

enum { INPUT_SIZE = 131072, URGENT_SIZE = 4096, CONNECTIONS_MAX = 8, LOCKED_MAX = 4, KEY_SIZE = 32, GREETING_TIME = 5000 };

struct connection {
  struct source source;
  struct timer greeting;
  const uint8_t *lock; /* the hash of the key that must come before all frames; NULL: none, or it has come */
  bool greeted;
  size_t input_length, urgent_length;
  struct connection *next;
  uint8_t urgent[URGENT_SIZE];
  uint8_t input[INPUT_SIZE];
};

static struct source listener = {.fd = -1};
static struct connection *connections;

void connection_close(struct connection *connection) {
  if (!source_open(&connection->source)) return;
  loop_close(&connection->source);
  timer_stop(&connection->greeting);
  struct connection **at = &connections;
  while (*at != connection) at = &(*at)->next;
  *at = connection->next;
  session_connection_closed(connection);
  loop_free(connection);
}

/* The connections that wait for a key, or all others; and the oldest of them. */
static int count(bool locked, struct connection **oldest) {
  int found = 0;
  for (struct connection *connection = connections; connection != NULL; connection = connection->next) {
    if ((connection->lock != NULL) != locked) continue;
    *oldest = connection;
    found++;
  }
  return found;
}

/* How long it takes says nothing of how much of the key is right. */
static bool unlock(struct connection *connection) {
  uint8_t hash[SHA256_SIZE], different = 0;
  struct connection *oldest;
  sha256(connection->input, KEY_SIZE, hash);
  for (size_t i = 0; i < sizeof hash; i++) different |= hash[i] ^ connection->lock[i];
  if (different != 0 || count(false, &oldest) >= CONNECTIONS_MAX) return false;
  connection->lock = NULL;
  return true;
}

static bool take_frames(struct connection *connection) {
  size_t start = 0;
  if (connection->lock != NULL) {
    if (connection->input_length < KEY_SIZE) return true;
    /* Without a line on stderr: any process of the Pod could fill the log with it. */
    if (!unlock(connection)) return false;
    start = KEY_SIZE;
  }
  struct frame frame;
  bool go_on = true;
  /* Answers wait in `urgent`: a peer that asks but does not read is not read either. */
  while (go_on && connection->urgent_length <= URGENT_SIZE / 2) {
    size_t size = frame_next(connection->input + start, connection->input_length - start, &frame);
    if (size == 0) break;
    start += size;
    go_on = session_take(connection, &frame);
    if (go_on && !connection->greeted) {
      connection->greeted = true;
      timer_stop(&connection->greeting);
    }
  }
  connection->input_length -= start;
  memmove(connection->input, connection->input + start, connection->input_length);
  return go_on;
}

static void read_input(struct connection *connection) {
  struct source *source = &connection->source;
  /* A few reads and then the others' turn: the edge is kept in `ready`, and the round is repeated while something is readable. */
  for (int i = 0; i < 4 && source_readable(source); i++) {
    if (connection->input_length == INPUT_SIZE) return;
    ssize_t got = read(source->fd, connection->input + connection->input_length, INPUT_SIZE - connection->input_length);
    if (got < 0 && errno == EAGAIN) {
      source_not_readable(source);
      return;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return connection_close(connection);
    connection->input_length += (size_t)got;
    if (!take_frames(connection)) return connection_close(connection);
  }
}

static void on_ready(struct source *source) {
  struct connection *connection = source->owner;
  connection_flush(connection);
  read_input(connection);
}

bool connections_turn(void) {
  bool busy = false;
  for (struct connection *connection = connections, *next; connection != NULL; connection = next) {
    next = connection->next;
    if (!source_readable(&connection->source)) continue;
    if (connection->urgent_length > URGENT_SIZE / 2) continue;
    read_input(connection);
    busy = busy || source_readable(&connection->source);
  }
  return busy;
}

static void greeting_late(void *owner) { connection_close(owner); }

/* Who connects without a key can push out only others that have none (yet). */
static bool has_place(const uint8_t *lock) {
  struct connection *oldest = NULL;
  if (lock == NULL) return count(false, &oldest) < CONNECTIONS_MAX;
  if (count(true, &oldest) >= LOCKED_MAX) connection_close(oldest);
  return true;
}

void connection_add(int fd, const uint8_t *lock) {
  if (!has_place(lock)) {
    close(fd);
    return;
  }
  struct connection *connection = allocate(sizeof *connection);
  connection->lock = lock;
  connection->next = connections;
  connections = connection;
  loop_watch(&connection->source, fd, on_ready, connection);
  timer_start(&connection->greeting, GREETING_TIME, greeting_late, connection);
}

static void on_connect(struct source *source) {
  for (;;) {
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) break;
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    /* The socket is 0600 in a 0700 folder already; this holds even if the volume does not honour modes. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
      complain("refused a connection of another user");
      close(fd);
      continue;
    }
    connection_add(fd, NULL);
  }
  source_not_readable(source);
}

bool session_listen(const char *directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int wanted = snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", directory);
  if (wanted < 0 || (size_t)wanted >= sizeof address.sun_path) {
    complain("%s: the path is too long for a socket", directory);
    return false;
  }
  unlink(address.sun_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0) {
    complain("cannot listen on %s: %s", address.sun_path, strerror(errno));
    return false;
  }
  loop_watch(&listener, fd, on_connect, NULL);
  return true;
}

void connection_urgent(struct connection *connection, uint8_t type, const uint8_t *payload, size_t length) {
  if (URGENT_SIZE - connection->urgent_length < FRAME_HEADER + length) return;
  uint8_t *at = connection->urgent + connection->urgent_length;
  frame_header(at, type, 0, 0, length);
  memcpy(at + FRAME_HEADER, payload, length);
  connection->urgent_length += FRAME_HEADER + length;
}

/* One gathered write: the rest of a frame that was begun, then the urgent frames, then the rest. */
static ssize_t write_some(struct connection *connection) {
  struct iovec vectors[8];
  int count = 0;
  if (connection->urgent_length > 0) {
    size_t rest = replay_frame_rest();
    if (rest > 0) {
      count = replay_vectors(vectors, 2, rest);
    } else {
      vectors[count++] = (struct iovec){connection->urgent, connection->urgent_length};
    }
  } else {
    count = replay_vectors(vectors, 8, 1u << 20);
  }
  if (count == 0) return 0;
  bool urgent = connection->urgent_length > 0 && replay_frame_rest() == 0;
  ssize_t wrote = writev(connection->source.fd, vectors, count);
  if (wrote <= 0) return wrote;
  if (urgent) {
    connection->urgent_length -= (size_t)wrote;
    memmove(connection->urgent, connection->urgent + wrote, connection->urgent_length);
  } else {
    replay_wrote((size_t)wrote);
  }
  return wrote;
}

void connection_flush(struct connection *connection) {
  while (source_writable(&connection->source) && connection->greeted) {
    ssize_t wrote = write_some(connection);
    if (wrote == 0) return;
    if (wrote > 0 || errno == EINTR) continue;
    if (errno == EAGAIN) {
      source_not_writable(&connection->source);
      return;
    }
    return connection_close(connection);
  }
}
