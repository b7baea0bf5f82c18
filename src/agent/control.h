/* Requests on stream 0. */
#ifndef CONTROL_H
#define CONTROL_H

#include "frames.h"

void control_take(struct reader *reader);

#endif
