/* The main process's output on disk, in segments of records: the truth of what it wrote, which every reader reads back. */
#ifndef SPOOL_H
#define SPOOL_H

#include "messages.h"

struct spool_limits {
  uint64_t total, segment;
};

/* Empties and uses DIR/log; false with a line on stderr. */
bool spool_open(const char *directory, struct spool_limits limits);
uint64_t spool_end(void);
/* Bytes of output that were ever kept, without the records' heads. */
uint64_t spool_output(void);
/* True if output may be read: false while the cap is reached and a reader that must not lose anything stands in the way. */
bool spool_has_room(void);
/* Takes at most RECORD_MAX bytes, whatever the cap: the caller asks spool_has_room first, but not for the last bytes of a run. */
void spool_write(uint8_t channel, const uint8_t *data, size_t length);

/* A place in the spool. Owned by its user, listed here. */
struct spool_reader {
  uint64_t position;
  uint64_t passed;  /* bytes of output before `position`, to count a gap */
  uint64_t from[3]; /* per channel: bytes before this position are left out (`tail`) */
  uint8_t channels; /* bit 0 stdout, bit 1 stderr */
  bool keep;
  void (*on_more)(struct spool_reader *);
  void *owner;
  struct spool_reader *next;
};
enum { SPOOL_READ_MIN = 2 * (RECORD_HEADER + RECORD_MAX) };

/* Places the reader and lists it. */
void spool_reader_open(struct spool_reader *reader, enum output_from from, uint64_t value);
void spool_reader_close(struct spool_reader *reader);
/* Tells all readers that there is more. */
void spool_tell(void);
/* Whole records from the reader's position to `end` at most, into a buffer of SPOOL_READ_MIN bytes. 0: nothing there up to `end`. */
size_t spool_read(struct spool_reader *reader, uint64_t end, uint8_t *buffer);

#endif
