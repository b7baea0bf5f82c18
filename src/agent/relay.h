/* `agent connect`: copies between its stdin and stdout and the agent's socket. */
#ifndef RELAY_H
#define RELAY_H

/* The exit code. */
int relay_run(const char *directory);

#endif
