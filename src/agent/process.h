/* The container's main process: held, running or exited; its output into the spool; its end. */
#ifndef PROCESS_H
#define PROCESS_H

#include "loop.h"
#include "spawn.h"

struct state process_state(void);
bool process_start(const struct spec *spec, struct failure *failure);
/* 0 or an errno. */
int process_signal(int signal);
int process_resize(uint16_t rows, uint16_t columns);

/* The process's stdin: NULL when it has none or is not running. Written by stdin.c only. */
struct source *process_stdin(void);
void process_close_stdin(void);
bool process_stdin_once(void);

/* Output may be read again, after it had to wait for room in the spool. */
void process_read_on(void);
bool process_reads_on(void);
/* Moves output into the spool; true if there may be more at once. */
bool process_turn(void);

/* The Pod is to end: passes the signal on; the agent ends when the process has. */
void process_stop_container(int signal);
/* Whether the agent is to end, and with what code. */
bool process_is_over(int *code);

#endif
