/* STDIN streams: several may be attached at once; each writes in its turn. */
#ifndef STDIN_H
#define STDIN_H

void stdin_run_started(void);
void stdin_run_ended(void);
/* The process's stdin can take more. */
void stdin_push(void);

#endif
