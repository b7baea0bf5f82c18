/* Pseudo-terminals without libc's openpty, which would need /dev/pts by name. */
#ifndef TTY_H
#define TTY_H

#include "base.h"

/* Both ends, or false with errno. */
bool tty_open(int *master, int *slave, uint16_t rows, uint16_t columns);
bool tty_resize(int master, uint16_t rows, uint16_t columns);

#endif
