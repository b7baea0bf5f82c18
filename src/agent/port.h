/* The second way in: a TCP port on 127.0.0.1, which the kubelet's port-forward reaches without a relay. */
#ifndef PORT_H
#define PORT_H

#include <sys/socket.h>

#include "base.h"
#include "sha256.h"

/* Listens on 127.0.0.1:port for who has the key of this hash. If that cannot be had nothing happens: the socket remains. */
void port_listen(uint16_t port, const uint8_t key_hash[SHA256_SIZE]);
/* Whether a connection to `address` would come out at this port: the agent must not be dialled through itself. */
bool port_is_behind(const struct sockaddr *address);

#endif
