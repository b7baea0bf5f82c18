/* What frames carry: messages, the fields of OPEN, spool records and file entries. Pure, as frames.h is. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "frames.h"

enum stream_kind { KIND_STDIN = 1, KIND_OUTPUT, KIND_EXEC, KIND_DIAL, KIND_WALK, KIND_APPLY };

enum message {
  MSG_START = 1,
  MSG_SIGNAL = 2,
  MSG_RESIZE = 3,
  MSG_KILL = 4,
  MSG_OK = 0x40,
  MSG_ERROR = 0x41,
  MSG_EXITED = 0x42,
  MSG_STARTED = 0x50,
  MSG_FAILED = 0x51,
  MSG_EXIT = 0x52,
  MSG_CONNECTED = 0x53,
  MSG_DONE = 0x54,
};

enum stage { STAGE_STATE = 1, STAGE_USER, STAGE_CWD, STAGE_PROGRAM, STAGE_TERMINAL, STAGE_FORK };

enum phase { PHASE_HELD, PHASE_RUNNING, PHASE_EXITED };

struct state {
  uint8_t phase;
  uint32_t run, pid;
  uint64_t started, finished;
  uint32_t exit_code;
  uint8_t oom_killed;
  uint64_t spool_end;
};
void write_state(struct writer *writer, const struct state *state);

enum { SESSION_ID = 16 };
struct hello {
  uint8_t version;
  const uint8_t *session;
  uint64_t received;
};
bool read_hello(struct reader *reader, struct hello *hello);

enum { SPEC_TTY = 1, SPEC_STDIN = 2, SPEC_STDIN_ONCE = 4, SPEC_DETACHED = 8 };
struct spec {
  struct list argv, env;
  struct text cwd, user;
  struct list groups;
  uint8_t flags;
  uint16_t rows, columns;
};
bool read_spec(struct reader *reader, struct spec *spec);

enum { OUTPUT_FOLLOW = 1, OUTPUT_WAIT = 2, OUTPUT_KEEP = 4 };
enum output_from { FROM_START, FROM_END, FROM_TAIL, FROM_SINCE };
enum { STDIN_CLOSES = 1 };
enum { WALK_FOLLOW = 1, WALK_ALONE = 2, WALK_NO_CONTENT = 4 };
enum { APPLY_STRICT = 1, APPLY_KEEP_OWNER = 2 };

struct open_request {
  uint8_t kind, flags;
  uint8_t channels, from; /* OUTPUT */
  uint64_t value;
  struct spec spec; /* EXEC */
  uint8_t protocol; /* DIAL */
  uint16_t port;
  struct text host;
  struct text path; /* WALK, APPLY */
};
/* False: malformed, or a kind that this version does not know. */
bool read_open(struct reader *reader, struct open_request *open);

enum { RECORD_HEADER = 16, RECORD_MAX = 32768 };
struct record {
  uint8_t channel;
  uint32_t length;
  uint64_t time;
};
void write_record(uint8_t *header, const struct record *record);
struct record read_record(const uint8_t *header);

/* An entry's head: all before the content. `xattrs` is name, value, name, value … */
struct entry {
  uint8_t type;
  uint32_t mode, uid, gid;
  uint64_t mtime, size, rdev;
  struct text path, link;
  struct list xattrs;
};
enum { ENTRY_PATH_MAX = 4096, ENTRY_MAX = 98304 };
enum entry_result { ENTRY_MORE, ENTRY_WHOLE, ENTRY_BAD };
/* Reads a head that may not be complete yet; refuses what can never become a valid one. */
enum entry_result read_entry(const uint8_t *data, size_t length, struct entry *entry, size_t *used);
void write_entry(struct writer *writer, const struct entry *entry);
/* Relative, without `..`, `.` or empty parts; empty only if `may_be_empty`. */
bool path_is_safe(struct text path, bool may_be_empty);

#endif
