/* A connected socket: frames in, frames out. The session decides which connection is the daemon's. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "frames.h"
#include "loop.h"

struct connection;

/* Takes over a socket. Its peer may speak to the agent at once, or must first send the key of which `lock` is the SHA-256 (it stays where it is). */
void connection_add(int fd, const uint8_t *lock);
void connection_close(struct connection *connection);
/* Sends an uncounted frame before all counted ones, at the next frame border. */
void connection_urgent(struct connection *connection, uint8_t type, const uint8_t *payload, size_t length);
/* Writes counted frames too: only for the session's connection. */
void connection_flush(struct connection *connection);

/* Reads on where a round stopped; true if there is still more. */
bool connections_turn(void);

/* To the session. False: close the connection. */
bool session_take(struct connection *connection, const struct frame *frame);
void session_connection_closed(struct connection *connection);

#endif
