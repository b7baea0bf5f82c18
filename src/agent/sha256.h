/* SHA-256 (FIPS 180-4) of what is in memory. */
#ifndef SHA256_H
#define SHA256_H

#include "base.h"

enum { SHA256_SIZE = 32 };

void sha256(const uint8_t *data, size_t length, uint8_t hash[SHA256_SIZE]);

#endif
