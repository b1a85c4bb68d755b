// SHA-256 (FIPS 180-4) of sixteen pieces of memory at a time, one in each 32-bit lane of the registers
// of AVX-512. It takes as long for fewer, so it is worth it for about ten or more.

#ifndef MCP2P_SHA256_WIDE_H
#define MCP2P_SHA256_WIDE_H

#include "sha256.h"

enum { SHA256_WIDE_LANES = 16 };

bool sha256_is_wide(void);

// Digests of up to sixteen pieces, each of `length` bytes, one behind the other; they are written when
// all pieces have been read.
void sha256_wide(const uint8_t *const pieces[], size_t count, size_t length, uint8_t *digests);

#endif
