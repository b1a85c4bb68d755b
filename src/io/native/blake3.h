// BLAKE3 in its hash mode (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020) of several pieces of memory
// at a time: their chunks of 1024 bytes, and then the nodes above them, each take a 32-bit lane of the
// registers. A block of 16 KiB has sixteen chunks.

#ifndef MCP2P_BLAKE3_H
#define MCP2P_BLAKE3_H

#include <stddef.h>
#include <stdint.h>

enum { BLAKE3_BYTES = 32, BLAKE3_LANES_MAX = 16, BLAKE3_PIECES_MAX = 16 };

// How many lanes this processor has: 16 with AVX-512, 8 with AVX2, else 4.
size_t blake3_lanes(void);

// Digests of up to `BLAKE3_PIECES_MAX` pieces, each of `length` bytes (less than 4 TiB), one behind the
// other, in `lanes` lanes: 1, 4, or as many more as the processor has. They may be written where the
// pieces were, when those lie in their order and are of 32 bytes or more.
void blake3(size_t lanes, const uint8_t *const pieces[], size_t count, size_t length, uint8_t *digests);

#endif
