// SHA-256 (FIPS 180-4) of two pieces of memory side by side: its rounds each wait for the one before,
// so one piece alone leaves half of the processor's SHA unit idle. Where that unit is missing, OpenSSL
// does as well.

#ifndef MCP2P_SHA256_H
#define MCP2P_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

// Whether this processor has the instructions that `sha256_both` is made of.
bool sha256_is_paired(void);

// Digests of two pieces, each of `length` bytes; they are written when both have been read.
void sha256_both(const uint8_t *const pieces[2], size_t length, uint8_t *const digests[2]);

#endif
