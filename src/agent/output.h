/* OUTPUT streams (the spool as the daemon reads it) and the tee to the agent's own stdout and stderr (as `kubectl logs` shows it). */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "base.h"

void output_run_started(uint32_t run);
void output_run_ended(uint32_t run);

void tee_open(void);
/* True if there is more to write at once. */
bool tee_turn(void);
/* Writes what is left, for a short time at most: the agent is about to end. */
void tee_finish(void);

#endif
