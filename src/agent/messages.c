#include "messages.h"

#include <string.h>

void write_state(struct writer *writer, const struct state *state) {
  write_u8(writer, state->phase);
  write_u32(writer, state->run);
  write_u32(writer, state->pid);
  write_u64(writer, state->started);
  write_u64(writer, state->finished);
  write_u32(writer, state->exit_code);
  write_u8(writer, state->oom_killed);
  write_u64(writer, state->spool_end);
}

bool read_hello(struct reader *reader, struct hello *hello) {
  hello->version = read_u8(reader);
  struct text session = read_bytes(reader);
  hello->session = session.at;
  hello->received = read_u64(reader);
  return reader_finished(reader) && session.length == SESSION_ID;
}

bool read_spec(struct reader *reader, struct spec *spec) {
  spec->argv = read_list(reader);
  spec->env = read_list(reader);
  spec->cwd = read_bytes(reader);
  spec->user = read_bytes(reader);
  spec->groups = read_list(reader);
  spec->flags = read_u8(reader);
  spec->rows = read_u16(reader);
  spec->columns = read_u16(reader);
  return reader_finished(reader);
}

static bool read_kind(struct reader *reader, struct open_request *open) {
  switch (open->kind) {
    case KIND_STDIN:
      open->flags = read_u8(reader);
      return true;
    case KIND_OUTPUT:
      open->channels = read_u8(reader);
      open->flags = read_u8(reader);
      open->from = read_u8(reader);
      open->value = read_u64(reader);
      return open->channels >= 1 && open->channels <= 3 && open->from <= FROM_SINCE;
    case KIND_EXEC:
      return read_spec(reader, &open->spec);
    case KIND_DIAL:
      open->protocol = read_u8(reader);
      open->port = read_u16(reader);
      open->host = read_bytes(reader);
      return true;
    case KIND_WALK:
    case KIND_APPLY:
      open->path = read_bytes(reader);
      open->flags = read_u8(reader);
      return true;
    default:
      return false;
  }
}

bool read_open(struct reader *reader, struct open_request *open) {
  memset(open, 0, sizeof *open);
  open->kind = read_u8(reader);
  return read_kind(reader, open) && reader_finished(reader);
}

void write_record(uint8_t *header, const struct record *record) {
  struct writer writer = writer_to(header, RECORD_HEADER);
  write_u32(&writer, (uint32_t)record->channel << 24);
  write_u32(&writer, record->length);
  write_u64(&writer, record->time);
}

struct record read_record(const uint8_t *header) {
  struct reader reader = reader_of(header, RECORD_HEADER);
  struct record record;
  record.channel = (uint8_t)(read_u32(&reader) >> 24);
  record.length = read_u32(&reader);
  record.time = read_u64(&reader);
  return record;
}

static bool entry_is_valid(const struct entry *entry) {
  if (memchr("fdlhcbps", entry->type, 8) == NULL || entry->type == 0) return false;
  if (!path_is_safe(entry->path, true)) return false;
  if (entry->type == 'h') return path_is_safe(entry->link, true);
  return entry->link.length <= ENTRY_PATH_MAX && memchr(entry->link.at, 0, entry->link.length) == NULL;
}

enum entry_result read_entry(const uint8_t *data, size_t length, struct entry *entry, size_t *used) {
  struct reader reader = reader_of(data, length);
  entry->type = read_u8(&reader);
  entry->mode = read_u32(&reader);
  entry->uid = read_u32(&reader);
  entry->gid = read_u32(&reader);
  entry->mtime = read_u64(&reader);
  entry->size = read_u64(&reader);
  entry->rdev = read_u64(&reader);
  entry->path = read_bytes(&reader);
  entry->link = read_bytes(&reader);
  entry->xattrs = read_list(&reader);
  if (reader.bad) return length >= ENTRY_MAX ? ENTRY_BAD : ENTRY_MORE;
  *used = length - reader.left;
  return entry_is_valid(entry) && entry->xattrs.count % 2 == 0 ? ENTRY_WHOLE : ENTRY_BAD;
}

void write_entry(struct writer *writer, const struct entry *entry) {
  write_u8(writer, entry->type);
  write_u32(writer, entry->mode);
  write_u32(writer, entry->uid);
  write_u32(writer, entry->gid);
  write_u64(writer, entry->mtime);
  write_u64(writer, entry->size);
  write_u64(writer, entry->rdev);
  write_bytes(writer, entry->path.at, entry->path.length);
  write_bytes(writer, entry->link.at, entry->link.length);
  write_u32(writer, entry->xattrs.count);
  write_raw(writer, entry->xattrs.items.at, entry->xattrs.items.left);
}

bool path_is_safe(struct text path, bool may_be_empty) {
  if (path.length == 0) return may_be_empty;
  if (path.length > ENTRY_PATH_MAX || memchr(path.at, 0, path.length) != NULL) return false;
  size_t start = 0;
  for (size_t i = 0; i <= path.length; i++) {
    if (i < path.length && path.at[i] != '/') continue;
    size_t size = i - start;
    const uint8_t *part = path.at + start;
    if (size == 0 || (size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.')) return false;
    start = i + 1;
  }
  return true;
}
