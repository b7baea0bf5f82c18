/* What walk and apply share: places that are not the container's, extended attributes, removing a tree. */
#ifndef FILES_H
#define FILES_H

#include "messages.h"

/* True if `name` in the folder `fd` (or `fd` itself if name is NULL) is the agent's own, or of /proc or /sys, by its real path. */
bool place_is_hidden(int fd, const char *name);

enum { XATTRS_SIZE = 65536 };
/* The attributes that may travel (user.* and security.capability) as a list's items, in `buffer` of XATTRS_SIZE. */
struct list xattrs_read(int fd, uint8_t *buffer);
/* Sets them as far as the file system and our rights allow. */
void xattrs_write(int fd, struct list xattrs);

/* Removes a file or a whole tree; 0 or an errno. */
int remove_tree(int folder, const char *name);

enum { DEPTH_MAX = 256 };

#endif
