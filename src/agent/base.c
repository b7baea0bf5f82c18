#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void *allocate(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (memory == NULL) {
    complain("out of memory for %zu bytes", size);
    _exit(70);
  }
  return memory;
}

char *copy_string(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = allocate(size);
  memcpy(copy, text, size);
  return copy;
}

void complain(const char *format, ...) {
  char line[512] = "badidea agent: ";
  size_t start = strlen(line);
  va_list values;
  va_start(values, format);
  int wanted = vsnprintf(line + start, sizeof line - start - 1, format, values);
  va_end(values);
  if (wanted < 0) return;
  size_t end = strlen(line);
  line[end++] = '\n';
  ssize_t ignored = write(STDERR_FILENO, line, end);
  (void)ignored;
}

static uint64_t read_clock(clockid_t id, uint64_t per_second) {
  struct timespec now;
  clock_gettime(id, &now);
  return (uint64_t)now.tv_sec * per_second + (uint64_t)now.tv_nsec / (1000000000u / per_second);
}

uint64_t clock_wall(void) { return read_clock(CLOCK_REALTIME, 1000000000u); }
uint64_t clock_steady(void) { return read_clock(CLOCK_MONOTONIC, 1000u); }

void set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

long read_small_file(const char *path, char *buffer, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -1;
  ssize_t got = read(fd, buffer, size - 1);
  close(fd);
  if (got < 0) return -1;
  buffer[got] = 0;
  return got;
}

void queue_add(struct queue *queue, const uint8_t *data, size_t length) {
  if (length == 0) return;
  if (queue->length + length > queue->capacity) {
    size_t capacity = queue->capacity ? queue->capacity : 4096;
    while (capacity < queue->length + length) capacity *= 2;
    uint8_t *larger = allocate(capacity);
    if (queue->length) memcpy(larger, queue->data + queue->head, queue->length);
    free(queue->data);
    queue->data = larger;
    queue->capacity = capacity;
    queue->head = 0;
  } else if (queue->head + queue->length + length > queue->capacity) {
    memmove(queue->data, queue->data + queue->head, queue->length);
    queue->head = 0;
  }
  memcpy(queue->data + queue->head + queue->length, data, length);
  queue->length += length;
}

const uint8_t *queue_front(const struct queue *queue) { return queue->data + queue->head; }

void queue_drop(struct queue *queue, size_t length) {
  queue->head += length;
  queue->length -= length;
  if (queue->length == 0) queue_free(queue);
}

/* An idle stream keeps no buffer. */
void queue_free(struct queue *queue) {
  free(queue->data);
  *queue = (struct queue){0};
}
