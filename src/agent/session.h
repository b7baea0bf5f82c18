/* The session with the daemon: greeting, counting, resuming, and the socket under it. */
#ifndef SESSION_H
#define SESSION_H

#include "frames.h"

/* Listens on DIR/agent.sock; false (with a line on stderr) if it cannot. */
bool session_listen(const char *directory);

/* Sends a counted frame now or after the next resume. */
void session_send(uint8_t type, uint8_t flags, uint32_t stream, const uint8_t *payload, size_t length);
/* Small frames that are made field by field: `writer` starts in a buffer that session_finish sends. */
struct writer session_begin(void);
void session_finish(uint8_t type, uint32_t stream, const struct writer *writer);

/* Whether sources may be read: little waits unsent, and not too much unacknowledged. */
bool session_has_room(void);

/* Closes the connection and ends the session, with the reason on stderr: the peer broke the protocol. */
void session_violation(const char *reason);

/* Writes what waits. */
void session_flush(void);

/* True while a daemon is connected or was so less than ten minutes ago: `keep` readers then hold the process. */
bool session_is_fresh(void);

#endif
