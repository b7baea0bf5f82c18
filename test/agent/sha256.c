/* Prints the agent's SHA-256 of the first so many bytes of stdin, a line for each number given. */
#include "sha256.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **values) {
  static uint8_t data[1 << 20];
  size_t length = fread(data, 1, sizeof data, stdin);
  for (int i = 1; i < count; i++) {
    uint8_t hash[SHA256_SIZE];
    size_t wanted = strtoul(values[i], NULL, 10);
    if (wanted > length) return 1;
    /* A copy of just that size: the sanitizer sees what is read behind it. */
    uint8_t *copy = malloc(wanted);
    for (size_t at = 0; at < wanted; at++) copy[at] = data[at];
    sha256(copy, wanted, hash);
    free(copy);
    for (size_t at = 0; at < sizeof hash; at++) printf("%02x", hash[at]);
    putchar('\n');
  }
  return 0;
}
