#include "vector-text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char text[65536];
size_t text_length;
struct writer out;

void say(const char *format, ...) {
  va_list values;
  va_start(values, format);
  text_length += (size_t)vsnprintf(text + text_length, sizeof text - text_length, format, values);
  va_end(values);
}

void say_bytes(struct text value) {
  say("\"");
  for (size_t i = 0; i < value.length; i++) {
    uint8_t byte = value.at[i];
    bool plain = byte >= 32 && byte < 127 && byte != '"' && byte != '\\';
    say(plain ? "%c" : "\\x%02x", byte);
  }
  say("\"");
}

static void take_list(struct reader *reader) {
  struct list list = read_list(reader);
  say("[");
  write_u32(&out, list.count);
  for (uint32_t i = 0; i < list.count; i++) {
    struct text item = read_bytes(&list.items);
    if (i > 0) say(",");
    say_bytes(item);
    write_bytes(&out, item.at, item.length);
  }
  say("]");
}

static void take_field(struct reader *reader, char size) {
  uint64_t number;
  struct text value;
  switch (size) {
    case '1': write_u8(&out, (uint8_t)(number = read_u8(reader))); break;
    case '2': write_u16(&out, (uint16_t)(number = read_u16(reader))); break;
    case '4': write_u32(&out, (uint32_t)(number = read_u32(reader))); break;
    case '8': write_u64(&out, number = read_u64(reader)); break;
    case 'l': take_list(reader); return;
    case 'b':
      value = read_bytes(reader);
      write_bytes(&out, value.at, value.length);
      say_bytes(value);
      return;
    default:
      value = (struct text){reader->at, reader->left};
      reader->at += reader->left;
      reader->left = 0;
      write_raw(&out, value.at, value.length);
      say_bytes(value);
      return;
  }
  say("%llu", (unsigned long long)number);
}

void take_fields(struct reader *reader, const char *fields) {
  while (*fields != 0) {
    size_t length = strcspn(fields, ":");
    say("%s%.*s=", text_length > 0 ? " " : "", (int)length, fields);
    take_field(reader, fields[length + 1]);
    fields += length + 2;
    if (*fields == ' ') fields++;
  }
}
