#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "children.h"
#include "oom.h"
#include "output.h"
#include "session.h"
#include "spool.h"
#include "stdin.h"
#include "tty.h"

/* A process that outlives the main one (only possible where the agent is not PID 1) may hold the pipes: do not wait longer than this. */
enum { END_TIME = 2000, KILL_AGAIN_TIME = 10, READS_PER_TURN = 16 };

static struct state state;
static struct child_watch watch;
static struct source input = {.fd = -1}, output[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
static bool terminal, stdin_once, main_ended, others_ended, ending_late, stopping, read_on;
static uint64_t oom_before;
static struct timer end_timer, kill_timer;

struct state process_state(void) {
  state.spool_end = spool_end();
  return state;
}

struct source *process_stdin(void) {
  if (state.phase != PHASE_RUNNING || main_ended) return NULL;
  if (terminal) return source_open(&output[1]) ? &output[1] : NULL;
  return source_open(&input) ? &input : NULL;
}

bool process_stdin_once(void) { return stdin_once; }

/* A terminal has no half that could be closed; the process does not notice. */
void process_close_stdin(void) {
  if (!terminal) loop_close(&input);
}

static void on_stdin(struct source *source) {
  (void)source;
  stdin_push();
}

static void on_output(struct source *source) {
  /* process_turn reads; a terminal can also have become writable. */
  if (terminal && source_writable(source)) stdin_push();
}

static void on_exit(struct child_watch *gone, uint32_t code);

bool process_start(const struct spec *spec, struct failure *failure) {
  if (state.phase == PHASE_RUNNING) {
    fail(failure, STAGE_STATE, EALREADY, "the process is already running");
    return false;
  }
  struct spawned spawned;
  uint64_t oom_count = oom_kills();
  if (!spawn(spec, SPAWN_CREATES_CWD, &spawned, failure)) return false;
  state = (struct state){.phase = PHASE_RUNNING, .run = state.run + 1, .pid = (uint32_t)spawned.pid, .started = clock_wall()};
  terminal = (spec->flags & SPEC_TTY) != 0;
  stdin_once = (spec->flags & SPEC_STDIN_ONCE) != 0;
  main_ended = others_ended = ending_late = false;
  oom_before = oom_count;
  if (spawned.in >= 0) loop_watch(&input, spawned.in, on_stdin, NULL);
  if (spawned.out >= 0) loop_watch(&output[1], spawned.out, on_output, NULL);
  if (spawned.err >= 0) loop_watch(&output[2], spawned.err, on_output, NULL);
  children_watch(&watch, spawned.pid, on_exit);
  stdin_run_started();
  output_run_started(state.run);
  return true;
}

int process_signal(int number) {
  if (number < 1 || number >= NSIG) return EINVAL;
  if (state.phase != PHASE_RUNNING || main_ended) return ESRCH;
  return kill((pid_t)state.pid, number) == 0 ? 0 : errno;
}

int process_resize(uint16_t rows, uint16_t columns) {
  if (state.phase != PHASE_RUNNING) return ESRCH;
  if (!terminal || !source_open(&output[1])) return ENOTTY;
  return tty_resize(output[1].fd, rows, columns) ? 0 : errno;
}

/* A reader may make room after process_turn had its turn in this round: then there is to be another one at once. */
void process_read_on(void) { read_on = true; }
bool process_reads_on(void) { return read_on; }

/* False if there is nothing more to read now. */
static bool read_once(uint8_t channel, bool whatever_cap) {
  static uint8_t buffer[RECORD_MAX];
  struct source *source = &output[channel];
  if (!source_readable(source) || (!whatever_cap && !spool_has_room())) return false;
  ssize_t got = read(source->fd, buffer, sizeof buffer);
  if (got > 0) {
    spool_write(channel, buffer, (size_t)got);
    return true;
  }
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) source_not_readable(source);
  else loop_close(source);
  return false;
}

static bool all_read(void) {
  for (uint8_t channel = 1; channel <= 2; channel++)
    if (source_open(&output[channel]) && (!ending_late || source_readable(&output[channel]))) return false;
  return true;
}

static void finish(void) {
  timer_stop(&end_timer);
  timer_stop(&kill_timer);
  loop_close(&output[1]);
  loop_close(&output[2]);
  loop_close(&input);
  state.phase = PHASE_EXITED;
  struct state now = process_state();
  struct writer writer = session_begin();
  write_u8(&writer, MSG_EXITED);
  write_state(&writer, &now);
  session_finish(FRAME_MSG, 0, &writer);
  stdin_run_ended();
  output_run_ended(state.run);
}

bool process_turn(void) {
  read_on = false;
  if (state.phase != PHASE_RUNNING) return false;
  bool more = false;
  /* What dead processes left in the pipes is little and is kept even beyond the cap, so that EXITED never waits for a reader. */
  bool whatever_cap = main_ended && others_ended;
  uint64_t before = spool_end();
  for (uint8_t channel = 1; channel <= 2; channel++) {
    int left = READS_PER_TURN;
    while (left > 0 && read_once(channel, whatever_cap)) left--;
    more = more || left == 0;
  }
  if (spool_end() != before) spool_tell();
  if (main_ended && others_ended && all_read()) finish();
  return more;
}

static void end_late(void *owner) {
  (void)owner;
  ending_late = others_ended = true;
}

/* As when PID 1 of a container ends. A process can fork while /proc is read: once more, until none is found. */
static void kill_others(void *owner) {
  (void)owner;
  others_ended = children_kill((pid_t)state.pid) == 0;
  if (!others_ended) timer_start(&kill_timer, KILL_AGAIN_TIME, kill_others, NULL);
}

static void on_exit(struct child_watch *gone, uint32_t code) {
  (void)gone;
  main_ended = true;
  state.finished = clock_wall();
  state.exit_code = code;
  state.oom_killed = code == 128 + SIGKILL && oom_kills() > oom_before;
  timer_start(&end_timer, END_TIME, end_late, NULL);
  kill_others(NULL);
}

void process_stop_container(int signal) {
  stopping = true;
  process_signal(signal);
}

bool process_is_over(int *code) {
  if (!stopping || state.phase == PHASE_RUNNING) return false;
  *code = state.phase == PHASE_EXITED ? (int)state.exit_code : 0;
  return true;
}
