#include "output.h"

#include <string.h>

#include "kinds.h"
#include "process.h"
#include "replay.h"
#include "spool.h"

enum { FRAME_SIZE = 32768 };

struct output {
  struct spool_reader reader;
  struct stream *stream;
  uint32_t run;  /* follows this run; 0: none */
  bool ended;    /* `end` is known */
  uint64_t end;  /* where the run's output ends */
  size_t at, length;
  struct output *next;
  uint8_t buffer[SPOOL_READ_MIN];
};

static struct output *outputs;

static void on_more(struct spool_reader *reader) {
  struct output *output = reader->owner;
  stream_wake(output->stream);
}

static enum turn turn(struct stream *stream) {
  struct output *output = stream->owner;
  if (output->at == output->length) {
    output->at = 0;
    output->length = spool_read(&output->reader, output->ended ? output->end : spool_end(), output->buffer);
  }
  if (output->length == 0) {
    if (output->ended) stream_finish(stream);
    return TURN_IDLE;
  }
  size_t size = stream_allowance(stream, output->length - output->at);
  if (size > FRAME_SIZE) size = FRAME_SIZE;
  if (size == 0) return TURN_IDLE; /* until WINDOW */
  memcpy(replay_reserve(size), output->buffer + output->at, size);
  stream_commit(stream, 0, size);
  output->at += size;
  return TURN_AGAIN;
}

static void ended(struct stream *stream, enum ending ending) {
  struct output *output = stream->owner;
  (void)ending;
  spool_reader_close(&output->reader);
  struct output **at = &outputs;
  while (*at != output) at = &(*at)->next;
  *at = output->next;
  loop_free(output);
}

static const struct stream_calls calls = {.turn = turn, .ended = ended};

static void end_here(struct output *output) {
  output->ended = true;
  output->end = spool_end();
  stream_wake(output->stream);
}

void output_open(struct stream *stream, const struct open_request *open) {
  struct output *output = allocate(sizeof *output);
  struct state state = process_state();
  bool running = state.phase == PHASE_RUNNING;
  output->stream = stream;
  output->reader = (struct spool_reader){
      .channels = open->channels,
      .keep = (open->flags & OUTPUT_KEEP) != 0,
      .on_more = on_more,
      .owner = output,
  };
  spool_reader_open(&output->reader, open->from, open->value);
  output->next = outputs;
  outputs = output;
  stream->owner = output;
  stream->calls = &calls;
  bool waits = (open->flags & OUTPUT_WAIT) && !running;
  if ((open->flags & OUTPUT_FOLLOW) && (running || waits)) output->run = running ? state.run : state.run + 1;
  else end_here(output);
  stream_wake(stream);
}

void output_run_started(uint32_t run) { (void)run; }

void output_run_ended(uint32_t run) {
  for (struct output *output = outputs; output != NULL; output = output->next)
    if (!output->ended && output->run == run) end_here(output);
}
