// Made test/vectors/reed-solomon.json with Intel's ISA-L 2.30, whose field is the same: an encoding that
// shares no line with ours. cc reed-solomon.c -lisal && ./a.out > reed-solomon.json

#include <isa-l/erasure_code.h>
#include <stdio.h>
#include <stdlib.h>

static void vector(int k, int r, int bytes, int last) {
  unsigned char **data = calloc(k, sizeof *data), **parity = calloc(r, sizeof *parity);
  unsigned char *matrix = malloc(k * r), *tables = malloc(32 * k * r);
  for (int c = 0; c < k; c++) {
    data[c] = malloc(bytes);
    for (int i = 0; i < bytes; i++) data[c][i] = (unsigned char)(131 * c + 7 * i + c * i + (i >> 3));
  }
  for (int row = 0; row < r; row++) {
    parity[row] = malloc(bytes);
    for (int c = 0; c < k; c++) matrix[row * k + c] = gf_inv((unsigned char)((255 - row) ^ c));
  }
  ec_init_tables(k, r, matrix, tables);
  ec_encode_data_base(bytes, k, r, tables, data, parity);
  printf("  { \"k\": %d, \"bytes\": %d, \"parity\": [", k, bytes);
  for (int row = 0; row < r; row++) {
    printf("%s\n    \"", row ? "," : "");
    for (int i = 0; i < bytes; i++) printf("%02x", parity[row][i]);
    printf("\"");
  }
  printf("\n  ] }%s\n", last ? "" : ",");
}

int main(void) {
  printf("[\n");
  vector(1, 1, 16, 0);
  vector(5, 3, 33, 0);
  vector(64, 16, 40, 0);
  vector(192, 63, 20, 1);
  printf("]\n");
}
