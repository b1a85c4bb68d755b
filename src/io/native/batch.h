// The columns of src/core/multicast/batch.ts: datagrams of the blast, described by reading their
// headers and moved to where their blocks lie, or written from such a description. Plain C without
// Node.

#ifndef MCP2P_BATCH_H
#define MCP2P_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "udp.h"

// Bytes of the header that src/core/wire/datagram.ts describes.
#define BATCH_HEADER_BYTES 32
// A row is numbered by 16 bits.
#define BATCH_ROWS_MAX 65536

struct batch {
  size_t capacity;
  double *sequence, *block, *arrived_micros, *place;
  uint32_t *session_high, *session_low, *timestamp_micros, *payload_at;
  uint16_t *bytes, *symbol_bytes, *place_bytes, *run, *run_length, *message;
  uint8_t *type, *symbol, *fec_code;
};

// Finds the columns in `memory`; false when they do not fit there.
bool batch_of(uint8_t *memory, size_t memory_bytes, size_t capacity, struct batch *out);

// Describes the data datagrams of `messages` slots of the slab, from the first row on; `now_micros` is
// when they were taken. What is no such datagram, or finds no row, is left out. Returns the rows.
size_t batch_hear(struct batch *batch, const uint8_t *slab, size_t slab_bytes, size_t slot_bytes,
                  const struct udp_record *records, size_t messages, double now_micros);

// Moves the payloads of `count` rows from the slab to their places in the pool; a place that has more
// bytes than a symbol takes the rows that follow, too. Returns how many places there are, or a negative
// errno before anything was moved.
long batch_place(const struct batch *batch, size_t count, const uint8_t *slab, size_t slab_bytes,
                 uint8_t *pool, size_t pool_bytes);

// Writes the datagrams of `count` rows from row `first` on, a run, one behind the other: `payload` is
// the content of their blocks from where the first begins; zeros follow the end of a block, and of
// all. Returns the bytes, or a negative errno.
long batch_write(const struct batch *batch, size_t first, size_t count, const uint8_t *payload,
                 size_t payload_bytes, uint8_t *into, size_t into_bytes);

#endif
