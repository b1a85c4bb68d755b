// Compression in `LANES` lanes of a `VECTOR`, included once for each of the widths: `NAME(part)`, the
// `TARGET` it is compiled for, `STAGES`, how often 2 goes into the lanes, what interleaves the `LOW` and
// `HIGH` halves of two vectors, and what turns words to the right by 16 and 8 bits where shifts are not
// the best. One lane is plain C.

#ifndef BY16
#define BY16(value) NAME(_rotate)(value, 16)
#define BY8(value) NAME(_rotate)(value, 8)
#endif

static inline __attribute__((always_inline)) TARGET VECTOR NAME(_rotate)(VECTOR value, int bits) {
  return value >> bits | value << (32 - bits);
}

// Sixteen words at `offset` of each lane become sixteen vectors. Interleaving the upper half of the rows
// with the lower one turns the bits of every word's place by one; after all stages rows are columns.
static inline __attribute__((always_inline)) TARGET void NAME(_load)(const uint8_t *const from[LANES],
                                                                     size_t offset, VECTOR words[WORDS]) {
#pragma GCC unroll 16
  for (int first = 0; first < WORDS; first += LANES) {
    VECTOR *rows = words + first;
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES; lane++)
      memcpy(&rows[lane], from[lane] + offset + 4 * first, sizeof(VECTOR));
#if LANES > 1
#pragma GCC unroll 4
    for (int stage = 0; stage < STAGES; stage++) {
      VECTOR turned[LANES];
#pragma GCC unroll 8
      for (int i = 0; i < LANES / 2; i++) {
        turned[2 * i] = LOW(rows[i], rows[i + LANES / 2]);
        turned[2 * i + 1] = HIGH(rows[i], rows[i + LANES / 2]);
      }
#pragma GCC unroll 16
      for (int i = 0; i < LANES; i++) rows[i] = turned[i];
    }
#endif
  }
}

#define MIX(a, b, c, d, x, y)              \
  a = a + m[x] + b, d = BY16(d ^ a);       \
  c = c + d, b = NAME(_rotate)(b ^ c, 12); \
  a = a + m[y] + b, d = BY8(d ^ a);        \
  c = c + d, b = NAME(_rotate)(b ^ c, 7)

// Columns, then diagonals, with the words of the message in this order.
#define ROUND(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15) \
  MIX(v0, v4, v8, v12, m0, m1);                                                     \
  MIX(v1, v5, v9, v13, m2, m3);                                                     \
  MIX(v2, v6, v10, v14, m4, m5);                                                    \
  MIX(v3, v7, v11, v15, m6, m7);                                                    \
  MIX(v0, v5, v10, v15, m8, m9);                                                    \
  MIX(v1, v6, v11, v12, m10, m11);                                                  \
  MIX(v2, v7, v8, v13, m12, m13);                                                   \
  MIX(v3, v4, v9, v14, m14, m15)

TARGET static void NAME(_hash)(const struct lane *lanes, size_t count, const struct shape *shape) {
  const uint8_t *from[LANES];
  uint32_t chunks[LANES], out[8][LANES];
  // Lanes that nobody needs do the first one's work again.
  for (size_t lane = 0; lane < LANES; lane++) {
    from[lane] = lanes[lane < count ? lane : 0].from;
    chunks[lane] = lanes[lane < count ? lane : 0].chunk;
  }
  const VECTOR zero = {0};
  VECTOR h[8], chunk;
  memcpy(&chunk, chunks, sizeof chunk);
  for (int i = 0; i < 8; i++) h[i] = zero + initial[i];
  for (uint32_t block = 0; block < shape->blocks; block++) {
    const bool is_last = block == shape->blocks - 1;
    VECTOR m[WORDS];
    NAME(_load)(from, (size_t)BLOCK * block, m);
    VECTOR v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    VECTOR v8 = zero + initial[0], v9 = zero + initial[1], v10 = zero + initial[2], v11 = zero + initial[3];
    VECTOR v12 = chunk, v13 = zero, v14 = zero + (is_last ? shape->last_bytes : BLOCK);
    VECTOR v15 = zero + (shape->flags | (block == 0 ? shape->first : 0) | (is_last ? shape->last : 0));
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);
    h[0] = v0 ^ v8, h[1] = v1 ^ v9, h[2] = v2 ^ v10, h[3] = v3 ^ v11;
    h[4] = v4 ^ v12, h[5] = v5 ^ v13, h[6] = v6 ^ v14, h[7] = v7 ^ v15;
  }
  for (int i = 0; i < 8; i++) memcpy(out[i], &h[i], sizeof(VECTOR));
  for (size_t lane = 0; lane < count; lane++)
    for (int i = 0; i < 8; i++) memcpy(lanes[lane].to + 4 * i, &out[i][lane], sizeof out[i][lane]);
}

#undef NAME
#undef TARGET
#undef VECTOR
#undef LANES
#undef STAGES
#undef LOW
#undef HIGH
#undef BY16
#undef BY8
#undef MIX
#undef ROUND
