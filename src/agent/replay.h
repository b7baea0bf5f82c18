/* The counted frames that were sent, kept until the daemon acknowledges them. Positions are counts of bytes in the session. */
#ifndef REPLAY_H
#define REPLAY_H

#include <sys/uio.h>

#include "frames.h"

/* Space for one frame with up to `payload` bytes: write the payload at the pointer, then commit. Nothing else may be reserved between. */
uint8_t *replay_reserve(size_t payload);
void replay_commit(uint8_t type, uint8_t flags, uint32_t stream, size_t payload);

uint64_t replay_unsent(void);
uint64_t replay_kept(void);
/* Bytes up to the end of the frame that is partly written, 0 between frames: only there may uncounted frames go in. */
size_t replay_frame_rest(void);
/* What is to be written next, at most `limit` bytes. */
int replay_vectors(struct iovec *vectors, int count, size_t limit);
void replay_wrote(size_t length);

/* False if the peer cannot have received that much. */
bool replay_acknowledged(uint64_t received);
/* Goes back to `received`; false if that is not the end of a frame that is still kept. */
bool replay_rewind(uint64_t received);
/* A new session. */
void replay_clear(void);

#endif
