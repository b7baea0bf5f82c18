/* Who a process runs as: /etc/passwd and /etc/group of the container, read without NSS, by Docker's rules. */
#ifndef USERS_H
#define USERS_H

#include <sys/types.h>

#include "messages.h"

enum { GROUPS_MAX = 256 };

struct identity {
  uid_t uid;
  gid_t gid;
  size_t group_count;
  gid_t groups[GROUPS_MAX]; /* supplementary */
  char home[1024];
};

/* False with the reason in `why`: a name that is not in the files, or a number that is none. */
bool identity_resolve(struct text user, struct list groups, struct identity *identity, char *why, size_t why_size);

#endif
