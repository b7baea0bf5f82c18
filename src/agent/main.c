#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "children.h"
#include "connection.h"
#include "limits.h"
#include "loop.h"
#include "output.h"
#include "port.h"
#include "process.h"
#include "relay.h"
#include "session.h"
#include "spool.h"
#include "streams.h"

static const char default_directory[] = "/.badidea/run";
static struct source signals = {.fd = -1};

static void on_signal(struct source *source) {
  struct signalfd_siginfo info;
  while (read(source->fd, &info, sizeof info) == (ssize_t)sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGCHLD) {
      children_reap();
      continue;
    }
    /* From outside (the kubelet is in another PID namespace: pid 0) it means the Pod's end. From inside it is meant for what the
       image's author believes to be PID 1, as in `kill -HUP 1`: only passed on. */
    if (getpid() != 1 || info.ssi_pid == 0) process_stop_container(number);
    else process_signal(number);
  }
  source_not_readable(source);
}

/* Whatever an image may name as its STOPSIGNAL. 37 is RTMIN+3 as Docker and systemd count; musl's own SIGRTMIN is one higher. */
static void take_signals(void) {
  static const int wanted[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, 37};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) sigaddset(&set, wanted[i]);
  sigprocmask(SIG_SETMASK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    complain("cannot receive signals: %s", strerror(errno));
    _exit(70);
  }
  loop_watch(&signals, fd, on_signal, NULL);
}

static int init_run(const char *directory, struct spool_limits limits, uint16_t port, const uint8_t *key_hash) {
  umask(077);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* so that orphans come to us also where we are not PID 1 */
  limits_raise();
  loop_open();
  take_signals();
  if (port != 0) port_listen(port, key_hash);
  mkdir(directory, 0700);
  if (!spool_open(directory, limits) || !session_listen(directory)) return 1;
  tee_open();
  bool busy = false;
  for (int code; !process_is_over(&code);) {
    loop_round(busy);
    busy = connections_turn();
    busy = process_turn() || busy;
    streams_turn();
    session_flush();
    busy = tee_turn() || process_reads_on() || streams_ready() || busy;
    if (process_is_over(&code)) {
      tee_finish();
      return code;
    }
  }
  return 0;
}

static bool parse_size(const char *text, uint64_t *size) {
  char *end;
  errno = 0;
  *size = strtoull(text, &end, 10);
  return errno == 0 && *text >= '0' && *text <= '9' && *end == 0;
}

/* In lower or upper case. */
static bool parse_hash(const char *text, uint8_t hash[SHA256_SIZE]) {
  static const char digits[] = "0123456789abcdef";
  if (strlen(text) != 2 * SHA256_SIZE) return false;
  for (size_t i = 0; i < 2 * SHA256_SIZE; i++) {
    const char *digit = strchr(digits, tolower((unsigned char)text[i]));
    if (digit == NULL) return false;
    hash[i / 2] = (uint8_t)(hash[i / 2] << 4 | (digit - digits));
  }
  return true;
}

static int usage(void) {
  complain("usage: agent init [--run DIR] [--spool-max BYTES] [--segment BYTES] [--port N --key SHA256] | agent connect [--run DIR]");
  return 64;
}

int main(int count, char **values) {
  const char *directory = default_directory;
  struct spool_limits limits = {128u << 20, 16u << 20};
  uint64_t port = 0;
  uint8_t key_hash[SHA256_SIZE];
  bool has_key = false;
  for (int i = 2; i < count; i += 2) {
    bool known = false;
    if (i + 1 < count && strcmp(values[i], "--run") == 0) {
      directory = values[i + 1];
      known = true;
    } else if (i + 1 < count && strcmp(values[i], "--spool-max") == 0) {
      known = parse_size(values[i + 1], &limits.total);
    } else if (i + 1 < count && strcmp(values[i], "--segment") == 0) {
      known = parse_size(values[i + 1], &limits.segment);
    } else if (i + 1 < count && strcmp(values[i], "--port") == 0) {
      known = parse_size(values[i + 1], &port) && port >= 1 && port <= UINT16_MAX;
    } else if (i + 1 < count && strcmp(values[i], "--key") == 0) {
      known = has_key = parse_hash(values[i + 1], key_hash);
    }
    if (!known) return usage();
  }
  if ((port != 0) != has_key) return usage();
  if (limits.segment < 4096 || limits.total / 2 < limits.segment) {
    complain("--segment must be at least 4096 and at most half of --spool-max");
    return 64;
  }
  if (count >= 2 && strcmp(values[1], "init") == 0) return init_run(directory, limits, (uint16_t)port, key_hash);
  if (count >= 2 && strcmp(values[1], "connect") == 0) return relay_run(directory);
  return usage();
}
