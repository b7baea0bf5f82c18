#include "replay.h"

#include <stdlib.h>

/* A frame never spans two chunks, so sources read straight into place. */
enum { CHUNK_SIZE = 131072, SPARE_CHUNKS = 4 };

struct chunk {
  struct chunk *next;
  uint64_t base;
  size_t length;
  uint8_t data[CHUNK_SIZE];
};

static struct chunk *first, *last, *spare;
static int spares;
static uint64_t total, acknowledged, written;
static struct chunk *next_chunk; /* where `written` stands */
static size_t next_offset, frame_rest;

static struct chunk *new_chunk(void) {
  struct chunk *chunk = spare;
  if (chunk != NULL) {
    spare = chunk->next;
    spares--;
  } else {
    chunk = malloc(sizeof *chunk); /* not cleared: most of it may never be touched */
    if (chunk == NULL) chunk = allocate(sizeof *chunk);
  }
  chunk->next = NULL;
  chunk->base = total;
  chunk->length = 0;
  return chunk;
}

static void drop_chunk(struct chunk *chunk) {
  if (spares >= SPARE_CHUNKS) {
    free(chunk);
    return;
  }
  chunk->next = spare;
  spare = chunk;
  spares++;
}

uint8_t *replay_reserve(size_t payload) {
  if (last == NULL || CHUNK_SIZE - last->length < FRAME_HEADER + payload) {
    struct chunk *chunk = new_chunk();
    if (last == NULL) first = chunk;
    else last->next = chunk;
    last = chunk;
    if (next_chunk == NULL) {
      next_chunk = chunk;
      next_offset = 0;
    }
  }
  return last->data + last->length + FRAME_HEADER;
}

void replay_commit(uint8_t type, uint8_t flags, uint32_t stream, size_t payload) {
  frame_header(last->data + last->length, type, flags, stream, payload);
  last->length += FRAME_HEADER + payload;
  total += FRAME_HEADER + payload;
}

uint64_t replay_unsent(void) { return total - written; }
uint64_t replay_kept(void) { return total - acknowledged; }
size_t replay_frame_rest(void) { return frame_rest; }

int replay_vectors(struct iovec *vectors, int count, size_t limit) {
  int used = 0;
  size_t offset = next_offset;
  for (struct chunk *chunk = next_chunk; chunk != NULL && used < count && limit > 0; chunk = chunk->next) {
    size_t length = chunk->length - offset;
    if (length > limit) length = limit;
    if (length > 0) vectors[used++] = (struct iovec){chunk->data + offset, length};
    limit -= length;
    offset = 0;
  }
  return used;
}

/* Walks over frame after frame, so that `frame_rest` is right at the end. */
void replay_wrote(size_t length) {
  written += length;
  while (length > 0) {
    if (next_offset == next_chunk->length) {
      next_chunk = next_chunk->next;
      next_offset = 0;
    }
    if (frame_rest == 0) {
      const uint8_t *header = next_chunk->data + next_offset;
      frame_rest = FRAME_HEADER + ((size_t)header[2] << 8 | header[3]);
    }
    size_t step = length < frame_rest ? length : frame_rest;
    next_offset += step;
    frame_rest -= step;
    length -= step;
  }
}

bool replay_acknowledged(uint64_t received) {
  if (received < acknowledged || received > written) return false;
  acknowledged = received;
  while (first != NULL && first != last && first != next_chunk && first->base + first->length <= acknowledged) {
    struct chunk *chunk = first;
    first = chunk->next;
    drop_chunk(chunk);
  }
  return true;
}

bool replay_rewind(uint64_t received) {
  if (received < acknowledged || received > total) return false;
  struct chunk *chunk = first;
  while (chunk != NULL && received > chunk->base + chunk->length) chunk = chunk->next;
  if (chunk == NULL) return received == total && first == NULL;
  uint64_t at = chunk->base;
  size_t offset = 0;
  struct frame frame;
  while (at < received) {
    size_t size = frame_next(chunk->data + offset, chunk->length - offset, &frame);
    offset += size;
    at += size;
  }
  if (at != received) return false;
  next_chunk = chunk;
  next_offset = offset;
  frame_rest = 0;
  written = received;
  return replay_acknowledged(received);
}

void replay_clear(void) {
  while (first != NULL) {
    struct chunk *chunk = first;
    first = chunk->next;
    drop_chunk(chunk);
  }
  last = next_chunk = NULL;
  next_offset = frame_rest = 0;
  total = acknowledged = written = 0;
}
