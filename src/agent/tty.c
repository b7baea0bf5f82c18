#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_slave(int master) {
  int unlock = 0;
  if (ioctl(master, TIOCSPTLCK, &unlock) != 0) return -1;
#ifdef TIOCGPTPEER
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave >= 0) return slave;
#endif
  unsigned number;
  char path[32];
  if (ioctl(master, TIOCGPTN, &number) != 0) return -1;
  snprintf(path, sizeof path, "/dev/pts/%u", number);
  return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool tty_open(int *master, int *slave, uint16_t rows, uint16_t columns) {
  *master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*master < 0) return false;
  *slave = open_slave(*master);
  if (*slave < 0) {
    int error = errno;
    close(*master);
    errno = error;
    return false;
  }
  if (rows != 0 || columns != 0) tty_resize(*master, rows, columns);
  return true;
}

bool tty_resize(int master, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return ioctl(master, TIOCSWINSZ, &size) == 0;
}
