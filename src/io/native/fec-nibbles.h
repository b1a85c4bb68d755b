// One kernel for each instruction set that looks up sixteen bytes at once: a product is the sum of the
// products of both halves of the byte (Plank, Greenan, Miller: Screaming Fast Galois Field Arithmetic
// Using Intel SIMD Instructions, FAST 2013). Included once for each, with these defined: NAME, TARGET,
// VECTOR, WIDTH, LOAD, STORE, XOR, LOW and HIGH (the halves of each byte), TABLE, LOOKUP.

static inline __attribute__((always_inline)) TARGET void NAME(_tile)(const uint8_t *matrix, size_t rows,
                                                                    size_t columns, const uint8_t *const *in,
                                                                    uint8_t *const *out, size_t at) {
  VECTOR sum[FEC_ROWS];
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; r++) sum[r] = LOAD(out[r] + at);
  for (size_t c = 0; c < columns; c++) {
    const VECTOR bytes = LOAD(in[c] + at);
    const VECTOR low = LOW(bytes), high = HIGH(bytes);
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++) {
      const uint8_t *table = nibbles[matrix[r * columns + c]];
      sum[r] = XOR(sum[r], XOR(LOOKUP(TABLE(table), low), LOOKUP(TABLE(table + 16), high)));
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < rows; r++) STORE(out[r] + at, sum[r]);
}

static TARGET void NAME(_apply)(const uint8_t *matrix, size_t rows, size_t columns, const uint8_t *const *in,
                                uint8_t *const *out, size_t bytes) {
  for (; rows >= FEC_ROWS; rows -= FEC_ROWS, matrix += FEC_ROWS * columns, out += FEC_ROWS)
    for (size_t at = 0; at < bytes; at += WIDTH) NAME(_tile)(matrix, FEC_ROWS, columns, in, out, at);
  for (; rows > 0; rows--, matrix += columns, out++)
    for (size_t at = 0; at < bytes; at += WIDTH) NAME(_tile)(matrix, 1, columns, in, out, at);
}

#undef NAME
#undef TARGET
#undef VECTOR
#undef WIDTH
#undef LOAD
#undef STORE
#undef XOR
#undef LOW
#undef HIGH
#undef TABLE
#undef LOOKUP
