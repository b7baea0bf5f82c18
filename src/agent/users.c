#include "users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A longer line is skipped, as is all beyond the first 4 MiB: the files come from the image. */
enum { LINE_SIZE = 8192, FIELDS_MAX = 7, NAME_SIZE = 256 };
#define FILE_LIMIT (4L << 20)

struct who {
  char user[NAME_SIZE], group[NAME_SIZE];
  struct identity *identity;
  struct list groups;
  bool user_found, group_found;
  char name[NAME_SIZE]; /* of the user, if it is in passwd */
  uint32_t extra_found; /* how many of `groups` were resolved */
};

static bool parse_number(const char *text, uint32_t *number) {
  if (*text == 0 || strlen(text) > 10) return false;
  for (const char *at = text; *at; at++)
    if (*at < '0' || *at > '9') return false;
  unsigned long value = strtoul(text, NULL, 10);
  *number = (uint32_t)value;
  return value <= INT32_MAX;
}

static bool copy_text(struct text text, char *to, size_t size) {
  if (text.length >= size || memchr(text.at, 0, text.length) != NULL) return false;
  memcpy(to, text.at, text.length);
  to[text.length] = 0;
  return true;
}

static int split(char *line, char *fields[FIELDS_MAX]) {
  int count = 0;
  for (char *at = line; at != NULL && count < FIELDS_MAX;) {
    fields[count++] = at;
    at = strchr(at, ':');
    if (at != NULL) *at++ = 0;
  }
  for (int i = count; i < FIELDS_MAX; i++) fields[i] = (char *)"";
  return count;
}

static FILE *open_database(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat info;
  if (fd < 0) return NULL;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return NULL;
  }
  return fdopen(fd, "r");
}

static void each_line(const char *path, void (*take)(struct who *, char *fields[FIELDS_MAX]), struct who *who) {
  FILE *file = open_database(path);
  if (file == NULL) return;
  char line[LINE_SIZE];
  bool whole = true;
  while (ftell(file) < FILE_LIMIT && fgets(line, sizeof line, file) != NULL) {
    size_t length = strlen(line);
    bool starts = whole;
    whole = length > 0 && line[length - 1] == '\n';
    if (!starts || (!whole && !feof(file))) continue;
    line[strcspn(line, "\r\n")] = 0;
    char *fields[FIELDS_MAX];
    if (line[0] != '#' && split(line, fields) >= 3) take(who, fields);
  }
  fclose(file);
}

static void take_user(struct who *who, char *fields[FIELDS_MAX]) {
  uint32_t uid, gid, wanted;
  if (who->user_found || !parse_number(fields[2], &uid) || !parse_number(fields[3], &gid)) return;
  bool by_number = parse_number(who->user, &wanted) && wanted == uid;
  if (strcmp(fields[0], who->user) != 0 && !by_number) return;
  who->user_found = true;
  who->identity->uid = uid;
  who->identity->gid = gid;
  snprintf(who->name, sizeof who->name, "%s", fields[0]);
  if (fields[5][0] != 0) snprintf(who->identity->home, sizeof who->identity->home, "%s", fields[5]);
}

static void add_group(struct identity *identity, gid_t gid) {
  for (size_t i = 0; i < identity->group_count; i++)
    if (identity->groups[i] == gid) return;
  if (identity->group_count < GROUPS_MAX) identity->groups[identity->group_count++] = gid;
}

static bool lists_member(char *members, const char *name) {
  for (char *rest = members, *member; (member = strsep(&rest, ",")) != NULL;)
    if (strcmp(member, name) == 0) return true;
  return false;
}

static void take_group(struct who *who, char *fields[FIELDS_MAX]) {
  uint32_t gid, wanted;
  if (!parse_number(fields[2], &gid)) return;
  if (who->group[0] != 0 && !who->group_found) {
    bool by_number = parse_number(who->group, &wanted) && wanted == gid;
    if (strcmp(fields[0], who->group) == 0 || by_number) {
      who->identity->gid = gid;
      who->group_found = true;
    }
  }
  struct reader items = who->groups.items;
  for (uint32_t i = 0; i < who->groups.count; i++) {
    struct text item = read_bytes(&items);
    if (item.length == strlen(fields[0]) && memcmp(item.at, fields[0], item.length) == 0) {
      add_group(who->identity, gid);
      who->extra_found++;
    }
  }
  /* With a group of its own choice a user gets no others, as in Docker. */
  if (who->group[0] == 0 && who->name[0] != 0 && lists_member(fields[3], who->name)) add_group(who->identity, gid);
}

static bool resolve_extra(struct who *who, char *why, size_t why_size) {
  uint32_t named = 0, number;
  struct reader items = who->groups.items;
  for (uint32_t i = 0; i < who->groups.count; i++) {
    char name[NAME_SIZE];
    bool fits = copy_text(read_bytes(&items), name, sizeof name);
    if (fits && parse_number(name, &number)) add_group(who->identity, number);
    else named++;
  }
  if (who->extra_found >= named) return true;
  snprintf(why, why_size, "a group to add is not in /etc/group");
  return false;
}

bool identity_resolve(struct text user, struct list groups, struct identity *identity, char *why, size_t why_size) {
  struct who who = {.identity = identity, .groups = groups};
  char both[NAME_SIZE];
  *identity = (struct identity){.uid = geteuid(), .gid = getegid(), .home = "/"};
  if (groups.count > GROUPS_MAX) {
    snprintf(why, why_size, "more than %d groups are to be added", GROUPS_MAX);
    return false;
  }
  if (!copy_text(user, both, sizeof both)) {
    snprintf(why, why_size, "the user's name is too long");
    return false;
  }
  char *colon = strchr(both, ':');
  if (colon != NULL) {
    *colon = 0;
    snprintf(who.group, sizeof who.group, "%s", colon + 1);
  }
  bool given = both[0] != 0;
  if (given) snprintf(who.user, sizeof who.user, "%s", both);
  else snprintf(who.user, sizeof who.user, "%u", (unsigned)geteuid());
  each_line("/etc/passwd", take_user, &who);
  uint32_t number;
  if (given && !who.user_found) {
    if (!parse_number(who.user, &number)) {
      snprintf(why, why_size, "unable to find user %s: no matching entries in passwd file", who.user);
      return false;
    }
    identity->uid = number;
    identity->gid = 0; /* Docker's default for a number without a line */
  }
  each_line("/etc/group", take_group, &who);
  if (who.group[0] != 0 && !who.group_found) {
    if (!parse_number(who.group, &number)) {
      snprintf(why, why_size, "unable to find group %s: no matching entries in group file", who.group);
      return false;
    }
    identity->gid = number;
  }
  return resolve_extra(&who, why, why_size);
}
