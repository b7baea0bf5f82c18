/* Frames and fields as PROTOCOL.md has them, without any state: the fuzz test and the vectors see exactly this. */
#ifndef FRAMES_H
#define FRAMES_H

#include "base.h"

enum { FRAME_HEADER = 8, FRAME_PAYLOAD_MAX = 65535, PROTOCOL_VERSION = 1 };

enum frame_type {
  FRAME_HELLO = 0x01,
  FRAME_WELCOME = 0x02,
  FRAME_ACK = 0x03,
  FRAME_PING = 0x04,
  FRAME_PONG = 0x05,
  FRAME_OPEN = 0x10,
  FRAME_DATA = 0x11,
  FRAME_EOF = 0x12,
  FRAME_RESET = 0x13,
  FRAME_WINDOW = 0x14,
  FRAME_MSG = 0x15,
};

struct frame {
  uint8_t type, flags;
  uint32_t stream;
  const uint8_t *payload;
  size_t length;
};

/* The first whole frame of `data`; the bytes it takes, or 0 when more are needed. */
size_t frame_next(const uint8_t *data, size_t length, struct frame *frame);
void frame_header(uint8_t *header, uint8_t type, uint8_t flags, uint32_t stream, size_t length);
static inline bool frame_counted(uint8_t type) { return type >= FRAME_OPEN; }

/* Reading: after the first field that does not fit, `bad` is set and all further fields are empty. */
struct reader {
  const uint8_t *at;
  size_t left;
  bool bad;
};

struct text {
  const uint8_t *at;
  size_t length;
};

/* A list that has been checked: `items` holds `count` well-formed `bytes`. */
struct list {
  uint32_t count;
  struct reader items;
};

struct reader reader_of(const uint8_t *data, size_t length);
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
struct text read_bytes(struct reader *reader);
struct list read_list(struct reader *reader);
/* Every message must be used up: nothing follows the last field. */
bool reader_finished(const struct reader *reader);

/* Writing: `full` is set instead of writing beyond the buffer. */
struct writer {
  uint8_t *data;
  size_t length, capacity;
  bool full;
};

struct writer writer_to(uint8_t *data, size_t capacity);
void write_u8(struct writer *writer, uint8_t value);
void write_u16(struct writer *writer, uint16_t value);
void write_u32(struct writer *writer, uint32_t value);
void write_u64(struct writer *writer, uint64_t value);
void write_raw(struct writer *writer, const void *data, size_t length);
void write_bytes(struct writer *writer, const void *data, size_t length);

#endif
