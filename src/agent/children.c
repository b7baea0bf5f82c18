#include "children.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct child_watch *watches;

void children_watch(struct child_watch *watch, pid_t pid, void (*on_exit)(struct child_watch *, uint32_t code)) {
  *watch = (struct child_watch){pid, on_exit, watches};
  watches = watch;
}

void children_reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    struct child_watch **at = &watches;
    while (*at != NULL && (*at)->pid != pid) at = &(*at)->next;
    struct child_watch *watch = *at;
    if (watch == NULL) continue; /* an orphan */
    *at = watch->next;
    uint32_t code = WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
    watch->on_exit(watch, code);
  }
}

static bool is_dead(const char *name) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%.20s/stat", name);
  if (read_small_file(path, text, sizeof text) <= 0) return true;
  char *state = strrchr(text, ')');
  return state == NULL || state[1] == 0 || state[2] == 'Z' || state[2] == 'X';
}

/* A relay is another process of this very program: the way to the daemon stays open. */
static bool is_relay(const char *name) {
  char path[64];
  struct stat own, other;
  snprintf(path, sizeof path, "/proc/%.20s/exe", name);
  return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static int kill_container(void) {
  DIR *directory = opendir("/proc");
  if (directory == NULL) return 0;
  int alive = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    pid_t pid = (pid_t)atoi(entry->d_name);
    if (pid <= 1 || is_relay(entry->d_name) || is_dead(entry->d_name)) continue;
    if (kill(pid, SIGKILL) == 0) alive++;
  }
  closedir(directory);
  return alive;
}

int children_kill(pid_t leader) {
  if (getpid() == 1) return kill_container();
  int alive = kill(-leader, SIGKILL) == 0;
  /* Every child leads a session and a process group of its own. */
  for (struct child_watch *watch = watches; watch != NULL; watch = watch->next)
    if (kill(-watch->pid, SIGKILL) == 0) alive++;
  return alive;
}
