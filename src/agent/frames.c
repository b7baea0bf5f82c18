#include "frames.h"

#include <string.h>

static uint64_t big_endian(const uint8_t *at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) value = value << 8 | at[i];
  return value;
}

size_t frame_next(const uint8_t *data, size_t length, struct frame *frame) {
  if (length < FRAME_HEADER) return 0;
  size_t payload = (size_t)big_endian(data + 2, 2);
  if (length < FRAME_HEADER + payload) return 0;
  *frame = (struct frame){
      .type = data[0],
      .flags = data[1],
      .stream = (uint32_t)big_endian(data + 4, 4),
      .payload = data + FRAME_HEADER,
      .length = payload,
  };
  return FRAME_HEADER + payload;
}

void frame_header(uint8_t *header, uint8_t type, uint8_t flags, uint32_t stream, size_t length) {
  struct writer writer = writer_to(header, FRAME_HEADER);
  write_u8(&writer, type);
  write_u8(&writer, flags);
  write_u16(&writer, (uint16_t)length);
  write_u32(&writer, stream);
}

struct reader reader_of(const uint8_t *data, size_t length) { return (struct reader){data, length, false}; }

static const uint8_t *take(struct reader *reader, size_t size) {
  if (reader->bad || reader->left < size) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *at = reader->at;
  reader->at += size;
  reader->left -= size;
  return at;
}

static uint64_t read_number(struct reader *reader, size_t size) {
  const uint8_t *at = take(reader, size);
  return at == NULL ? 0 : big_endian(at, size);
}

uint8_t read_u8(struct reader *reader) { return (uint8_t)read_number(reader, 1); }
uint16_t read_u16(struct reader *reader) { return (uint16_t)read_number(reader, 2); }
uint32_t read_u32(struct reader *reader) { return (uint32_t)read_number(reader, 4); }
uint64_t read_u64(struct reader *reader) { return read_number(reader, 8); }

struct text read_bytes(struct reader *reader) {
  size_t length = read_u32(reader);
  const uint8_t *at = take(reader, length);
  return at == NULL ? (struct text){(const uint8_t *)"", 0} : (struct text){at, length};
}

struct list read_list(struct reader *reader) {
  struct list list = {.count = read_u32(reader)};
  const uint8_t *start = reader->at;
  /* Ends at the first item that is not there, so a huge count costs no more than the bytes that came. */
  for (uint32_t i = 0; i < list.count && !reader->bad; i++) read_bytes(reader);
  if (reader->bad) return (struct list){0, reader_of((const uint8_t *)"", 0)};
  list.items = reader_of(start, (size_t)(reader->at - start));
  return list;
}

bool reader_finished(const struct reader *reader) { return !reader->bad && reader->left == 0; }

struct writer writer_to(uint8_t *data, size_t capacity) { return (struct writer){data, 0, capacity, false}; }

void write_raw(struct writer *writer, const void *data, size_t length) {
  if (writer->full || writer->capacity - writer->length < length) {
    writer->full = true;
    return;
  }
  if (length) memcpy(writer->data + writer->length, data, length);
  writer->length += length;
}

static void write_number(struct writer *writer, uint64_t value, size_t size) {
  uint8_t bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
  write_raw(writer, bytes, size);
}

void write_u8(struct writer *writer, uint8_t value) { write_number(writer, value, 1); }
void write_u16(struct writer *writer, uint16_t value) { write_number(writer, value, 2); }
void write_u32(struct writer *writer, uint32_t value) { write_number(writer, value, 4); }
void write_u64(struct writer *writer, uint64_t value) { write_number(writer, value, 8); }

void write_bytes(struct writer *writer, const void *data, size_t length) {
  write_u32(writer, (uint32_t)length);
  write_raw(writer, data, length);
}
