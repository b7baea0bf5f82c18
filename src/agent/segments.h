/* The files of the spool; between spool.c, which writes them, and spool-reader.c. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "spool.h"

struct segment {
  uint64_t base, size;       /* position of its first byte; bytes in it */
  uint64_t output;           /* bytes of output in all segments before it */
  uint64_t first_time;       /* of its first record */
  uint64_t lines[3];         /* line ends per channel */
  int fd;
};

/* 0 is the oldest; there is always one. */
size_t segment_count(void);
const struct segment *segment_at(size_t index);
/* The segment that holds `position`, or NULL at the end or before the oldest. */
const struct segment *segment_of(uint64_t position);
/* Whether the channel's last byte was not the end of a line. */
bool spool_line_open(uint8_t channel);
bool spool_needed(uint64_t position);

#endif
