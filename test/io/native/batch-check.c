// Checks batch.c, built with the sanitizers by the test beside it: whatever stands in a slab, in its
// records and in the columns, nothing outside slab, columns and pool is read or written. Prints the
// first thing that is wrong and ends with 1.

#include "../../../src/io/native/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(holds)                                                          \
  do {                                                                        \
    if (!(holds)) {                                                           \
      fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #holds, errno);   \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

enum { ROW = 63, SLOT = 512, MESSAGES = 5, ROWS = 24, POOL = 1000 };

static uint64_t state = 88172645463325252u;

// Marsaglia's xorshift (2003).
static uint32_t below(uint32_t bound) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 11) % bound;
}

static void header(uint8_t *at, uint32_t symbol) {
  memset(at, 0, BATCH_HEADER_BYTES);
  memcpy(at, (const uint8_t[]){0x6d, 0x32, 0x10, 0, 0, 1, 0, 64}, 8);
  at[21] = (uint8_t)symbol;
  at[22] = (uint8_t)symbol;
}

// Blocks of exactly the size they must not be read beyond, so that the sanitizer sees one byte more.
static void nonsense(void) {
  const size_t slab_bytes = 1 + below(MESSAGES * SLOT), capacity = below(ROWS);
  uint8_t *slab = malloc(slab_bytes), *memory = malloc(capacity * ROW + 1), *pool = malloc(POOL);
  struct udp_record records[MESSAGES];
  struct batch batch;
  CHECK(batch_of(memory, capacity * ROW, capacity, &batch));
  for (size_t i = 0; i < slab_bytes; i++) slab[i] = (uint8_t)below(256);
  memset(records, 0, sizeof records);
  for (size_t m = 0; m < MESSAGES; m++) {
    records[m].length_bytes = below(10) ? below(SLOT + 1) : below(UINT32_MAX);
    records[m].segment_bytes = below(10) ? below(200) : below(UINT32_MAX);
    for (size_t at = m * SLOT, n = 0; at + BATCH_HEADER_BYTES <= slab_bytes && n < 4; n++) {
      header(slab + at, (uint32_t)n);
      at += records[m].segment_bytes % SLOT;
    }
  }
  // A slab that is shorter than its slots is what the caller says it is: only whole slots are there.
  const size_t rows = batch_hear(&batch, slab, slab_bytes, SLOT, records, MESSAGES, 1e6);
  CHECK(rows <= capacity);
  for (size_t i = 0; i < rows; i++) CHECK(batch.payload_at[i] + batch.bytes[i] <= slab_bytes);
  for (size_t i = 0; i < rows; i++) {
    batch.place[i] = below(4) ? (double)below(POOL) : -1.0 - below(3);
    batch.place_bytes[i] = (uint16_t)(below(8) ? below(100) : below(65536));
    if (below(50) == 0) batch.payload_at[i] = below(UINT32_MAX);
  }
  CHECK(batch_place(&batch, rows, slab, slab_bytes, pool, POOL) <= (long)rows);
  uint8_t *into = malloc(POOL);
  for (size_t i = 0; i < rows; i++) batch.bytes[i] %= 200;
  const size_t first = below(ROWS), count = below(6);
  CHECK(batch_write(&batch, first, count, slab, slab_bytes % 300, into, POOL) <= POOL);
  free(into);
  CHECK(batch_place(&batch, capacity + 1, slab, slab_bytes, pool, POOL) == -EINVAL);
  free(slab);
  free(memory);
  free(pool);
}

// Three symbols that follow each other are one run; another message from elsewhere is another.
static void runs(void) {
  static uint8_t slab[2 * SLOT];
  static double memory[ROWS * ROW / sizeof(double) + 1];
  struct udp_record records[2] = {{.length_bytes = 300, .segment_bytes = 100, .family = 4},
                                  {.length_bytes = 100, .segment_bytes = 100, .family = 4}};
  struct batch batch;
  for (uint32_t i = 0; i < 3; i++) header(slab + 100 * i, i);
  header(slab + SLOT, 3);
  CHECK(batch_of((uint8_t *)memory, sizeof memory, ROWS, &batch));
  CHECK(batch_hear(&batch, slab, sizeof slab, SLOT, records, 2, 1e6) == 4);
  CHECK(batch.run[0] == 0 && batch.run[1] == 0 && batch.run[2] == 0 && batch.run[3] == 0);
  records[1].address[0] = 1;
  CHECK(batch_hear(&batch, slab, sizeof slab, SLOT, records, 2, 1e6) == 4);
  CHECK(batch.run[2] == 0 && batch.run[3] == 3 && batch.bytes[3] == 68);
}

int main(void) {
  struct batch batch;
  static double memory[ROW];
  CHECK(!batch_of((uint8_t *)memory, 7 * ROW, 8, &batch));
  CHECK(!batch_of((uint8_t *)memory + 1, 4 * ROW, 4, &batch));
  CHECK(!batch_of((uint8_t *)memory, sizeof memory, BATCH_ROWS_MAX + 1, &batch));
  runs();
  for (int i = 0; i < 200000; i++) nonsense();
  puts("ok");
  return 0;
}
