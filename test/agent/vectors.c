/* Decodes and encodes every line of test/link/vectors.txt with the agent's own readers and writers; prints what differs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "parts.h"
#include "vector-text.h"

#define STATE "phase:1 run:4 pid:4 started:8 finished:8 exit_code:4 oom_killed:1 spool_end:8"
#define SPEC "argv:l env:l cwd:b user:b groups:l flags:1 rows:2 columns:2"

struct layout {
  uint8_t number;
  const char *name, *fields; /* name:size, b bytes, l list, * the rest as it is */
};

static const struct layout frames[] = {
    {FRAME_HELLO, "HELLO", "version:1 session:b received:8"},
    {FRAME_WELCOME, "WELCOME", "version:1 resumed:1 received:8 " STATE},
    {FRAME_ACK, "ACK", "received:8"},
    {FRAME_PING, "PING", "any:8"},
    {FRAME_PONG, "PONG", "any:8"},
    {FRAME_OPEN, "OPEN", NULL},
    {FRAME_DATA, "DATA", "bytes:*"},
    {FRAME_EOF, "EOF", ""},
    {FRAME_RESET, "RESET", "errno:4 text:b"},
    {FRAME_WINDOW, "WINDOW", "more:4"},
    {FRAME_MSG, "MSG", NULL},
    {0, NULL, NULL},
};
static const struct layout kinds[] = {
    {KIND_STDIN, "STDIN", "flags:1"},
    {KIND_OUTPUT, "OUTPUT", "channels:1 flags:1 from:1 value:8"},
    {KIND_EXEC, "EXEC", SPEC},
    {KIND_DIAL, "DIAL", "protocol:1 port:2 host:b"},
    {KIND_WALK, "WALK", "path:b flags:1"},
    {KIND_APPLY, "APPLY", "path:b flags:1"},
    {0, NULL, NULL},
};
static const struct layout messages[] = {
    {MSG_START, "START", "request:4 " SPEC},
    {MSG_SIGNAL, "SIGNAL", "request:4 signal:1"},
    {MSG_RESIZE, "RESIZE", "rows:2 columns:2"},
    {MSG_KILL, "KILL", "signal:1"},
    {MSG_OK, "OK", "request:4"},
    {MSG_ERROR, "ERROR", "request:4 stage:1 errno:4 text:b"},
    {MSG_EXITED, "EXITED", STATE},
    {MSG_STARTED, "STARTED", "pid:4 started:8"},
    {MSG_FAILED, "FAILED", "stage:1 errno:4 text:b"},
    {MSG_EXIT, "EXIT", "exit_code:4"},
    {MSG_CONNECTED, "CONNECTED", ""},
    {MSG_DONE, "DONE", "entries:8"},
    {0, NULL, NULL},
};

static uint8_t encoded[65536];

static const struct layout *find(const struct layout *layouts, uint8_t number) {
  while (layouts->name != NULL && layouts->number != number) layouts++;
  return layouts;
}

/* The agent's own decoders must take what the daemon sends. */
static bool accepts(const struct frame *frame) {
  struct reader reader = reader_of(frame->payload, frame->length);
  struct hello hello;
  struct open_request open;
  struct spec spec;
  if (frame->type == FRAME_HELLO) return read_hello(&reader, &hello);
  if (frame->type == FRAME_OPEN) return read_open(&reader, &open);
  if (frame->type != FRAME_MSG || read_u8(&reader) != MSG_START) return true;
  read_u32(&reader);
  return read_spec(&reader, &spec);
}

/* The payload stands in `encoded` behind the place of a header; makes room for one before each part. */
static void encode_parts(const struct frame *frame, size_t size) {
  static uint8_t whole[sizeof encoded];
  size_t length = out.length, at = 0;
  memcpy(whole, encoded + FRAME_HEADER, length);
  out = writer_to(encoded, sizeof encoded);
  do {
    size_t here = length - at < size ? length - at : size;
    uint8_t header[FRAME_HEADER];
    frame_header(header, frame->type, at + here < length ? frame->flags | FRAME_CONTINUED : frame->flags, frame->stream, here);
    write_raw(&out, header, sizeof header);
    write_raw(&out, whole + at, here);
    at += here;
  } while (at < length);
}

static bool take_frame(struct frame frame, size_t part) {
  if (!accepts(&frame)) return false;
  const struct layout *layout = find(frames, frame.type);
  struct reader reader = reader_of(frame.payload, frame.length);
  out = writer_to(encoded + FRAME_HEADER, sizeof encoded - FRAME_HEADER);
  say("%s stream=%u", layout->name, frame.stream);
  if (frame.flags != 0) say(" flags=%u", frame.flags);
  if (part != 0) say(" part=%zu", part);
  if (layout->fields == NULL) {
    bool open = frame.type == FRAME_OPEN;
    uint8_t number = read_u8(&reader);
    write_u8(&out, number);
    layout = find(open ? kinds : messages, number);
    say(" %s=%s", open ? "kind" : "message", layout->name);
    /* The fields of these two depend on where they stand and what they answer. */
    bool resize_main = !open && number == MSG_RESIZE && frame.stream == 0;
    if (resize_main) take_fields(&reader, "request:4");
    take_fields(&reader, layout->fields);
    if (!open && number == MSG_OK && reader.left > 0) take_fields(&reader, "pid:4 started:8");
  } else {
    take_fields(&reader, layout->fields);
  }
  encode_parts(&frame, part != 0 ? part : out.length);
  return reader_finished(&reader);
}

/* One frame, or the parts of one. */
static bool take_frames(const uint8_t *data, size_t length) {
  struct parts parts = {0};
  struct queue joined = {0};
  struct frame frame;
  size_t part = 0;
  for (size_t size; (size = frame_next(data, length, &frame)) != 0;) {
    data += size;
    length -= size;
    enum parts_result result = parts_take(&parts, &frame, &joined);
    if (result == PARTS_BAD) break;
    if (result == PARTS_MORE) {
      if (part == 0) part = frame.length;
      continue;
    }
    bool good = length == 0 && take_frame(frame, part);
    queue_free(&joined);
    return good;
  }
  parts_drop(&parts);
  return false;
}

static bool take_record(const uint8_t *data, size_t length) {
  struct record record = read_record(data);
  struct text bytes = {data + RECORD_HEADER, length - RECORD_HEADER};
  say("RECORD channel=%u time=%llu bytes=", record.channel, (unsigned long long)record.time);
  say_bytes(bytes);
  write_record(encoded, &record);
  memcpy(encoded + RECORD_HEADER, bytes.at, bytes.length);
  out.length = length;
  return record.length == bytes.length;
}

static bool take_entry(const uint8_t *data, size_t length, bool content) {
  struct entry entry;
  size_t used;
  if (read_entry(data, length, &entry, &used) != ENTRY_WHOLE) return false;
  for (size_t cut = 0; cut < used; cut++)
    if (read_entry(data, cut, &entry, &(size_t){0}) != ENTRY_MORE) return false;
  read_entry(data, length, &entry, &used);
  struct reader reader = reader_of(data + 1, used - 1);
  out = writer_to(encoded, sizeof encoded);
  say("ENTRY type=%c", entry.type);
  take_fields(&reader, "mode:4 uid:4 gid:4 mtime:8 size:8 rdev:8 path:b link:b xattrs:l");
  out = writer_to(encoded, sizeof encoded);
  write_entry(&out, &entry);
  if (!content) return used == length;
  say(" content=");
  say_bytes((struct text){data + used, entry.size});
  say(" status=%u", data[used + entry.size]);
  write_raw(&out, data + used, entry.size + 1);
  return used + entry.size + 1 == length;
}

static int check(char *line) {
  static uint8_t data[65536];
  char *name = strtok(line, "\t\n"), *hex = strtok(NULL, "\t\n"), *wanted = strtok(NULL, "\n");
  if (wanted == NULL) return 1;
  size_t length = strlen(hex) / 2;
  for (size_t i = 0; i < length; i++) {
    char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
    data[i] = (uint8_t)strtoul(pair, NULL, 16);
  }
  text_length = 0;
  bool read = strncmp(wanted, "RECORD", 6) == 0  ? take_record(data, length)
              : strncmp(wanted, "ENTRY", 5) == 0 ? take_entry(data, length, strstr(wanted, " content=") != NULL)
                                                 : take_frames(data, length);
  bool same = out.length == length && memcmp(encoded, data, length) == 0;
  if (read && same && strcmp(text, wanted) == 0) return 0;
  printf("%s: %s%s\n  wanted %s\n  got    %s\n", name, read ? "" : "refused ", same ? "" : "encoded otherwise", wanted, text);
  return 1;
}

int main(int count, char **values) {
  static char line[262144];
  FILE *file = count == 2 ? fopen(values[1], "r") : NULL;
  int checked = 0, failed = 0;
  if (file == NULL) return 2;
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] == '#') continue;
    checked++;
    failed += check(line);
  }
  fclose(file);
  printf("%d checked, %d failed\n", checked, failed);
  return failed != 0;
}
