// Checks every kernel of fec.c that this processor has against products made bit by bit, at all lengths
// around its width, and that nothing beside the vectors changes; built with the sanitizers by the test
// beside it. Prints the first thing that is wrong and ends with 1.

#include "../../../src/io/native/fec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 70, ROWS = 19, BYTES = 300, GUARD = 64 };

static uint8_t times(unsigned a, unsigned b) {
  unsigned product = 0;
  for (int bit = 0; bit < 8; bit++)
    if (b >> bit & 1) product ^= a << bit;
  for (int bit = 15; bit >= 8; bit--)
    if (product >> bit & 1) product ^= 0x11du << (bit - 8);
  return (uint8_t)product;
}

static uint8_t matrix[ROWS * COLUMNS];

// Every vector in memory of its own, so that the sanitizer sees one byte too much.
static void check(enum fec_kernel kernel, size_t rows, size_t columns, size_t bytes) {
  uint8_t *in[COLUMNS] = {NULL}, *out[ROWS] = {NULL}, *wanted[ROWS] = {NULL};
  for (size_t c = 0; c < columns; c++) {
    in[c] = malloc(bytes);
    for (size_t i = 0; i < bytes; i++) in[c][i] = (uint8_t)rand();
  }
  for (size_t r = 0; r < rows; r++) {
    out[r] = malloc(bytes);
    wanted[r] = malloc(bytes);
    for (size_t i = 0; i < bytes; i++) {
      wanted[r][i] = out[r][i] = (uint8_t)rand();
      for (size_t c = 0; c < columns; c++) wanted[r][i] ^= times(matrix[r * columns + c], in[c][i]);
    }
  }
  fec_apply(kernel, matrix, rows, columns, (const uint8_t *const *)in, out, bytes);
  for (size_t r = 0; r < rows; r++)
    if (memcmp(out[r], wanted[r], bytes) != 0) {
      fprintf(stderr, "%s: row %zu of %zu, %zu columns, %zu bytes\n", fec_name(kernel), r, rows, columns, bytes);
      exit(1);
    }
  for (size_t c = 0; c < columns; c++) free(in[c]);
  for (size_t r = 0; r < rows; r++) {
    free(out[r]);
    free(wanted[r]);
  }
}

int main(void) {
  fec_begin();
  for (size_t i = 0; i < sizeof matrix; i++) matrix[i] = (uint8_t)rand();
  for (int kernel = 0; kernel < FEC_KERNELS; kernel++) {
    if (!fec_has((enum fec_kernel)kernel)) continue;
    for (size_t bytes = 0; bytes <= 2 * GUARD + 1; bytes++) check((enum fec_kernel)kernel, 9, 3, bytes);
    for (size_t rows = 0; rows <= ROWS; rows++) check((enum fec_kernel)kernel, rows, COLUMNS, BYTES);
    for (size_t columns = 0; columns <= COLUMNS; columns++) check((enum fec_kernel)kernel, 5, columns, 77);
  }
  printf("ok\n");
  return 0;
}
