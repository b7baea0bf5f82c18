/* The agent uses many descriptors; its children get the limit that the container was started with. */
#ifndef LIMITS_H
#define LIMITS_H

void limits_raise(void);
void limits_restore(void);

#endif
