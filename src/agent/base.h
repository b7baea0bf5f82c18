/* Small things that every file uses: allocation that cannot fail quietly, clocks, byte queues. */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends the agent with a sentence when memory is gone: a PID 1 that limps on is worse than one that is restarted. */
void *allocate(size_t size);
char *copy_string(const char *text);

/* One line on stderr, which `kubectl logs` shows. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Nanoseconds since 1970, as the protocol counts. */
uint64_t clock_wall(void);
/* Milliseconds that never jump, for timers. */
uint64_t clock_steady(void);

void set_nonblocking(int fd);

/* Reads a small text file whole; the length, or -1. Never blocks: a container can put a FIFO where a file is expected. */
long read_small_file(const char *path, char *buffer, size_t size);

/* Bytes that wait for a slow receiver. Bounded by its users through the windows of the protocol. */
struct queue {
  uint8_t *data;
  size_t head, length, capacity;
};
void queue_add(struct queue *queue, const uint8_t *data, size_t length);
const uint8_t *queue_front(const struct queue *queue);
void queue_drop(struct queue *queue, size_t length);
void queue_free(struct queue *queue);

#endif
