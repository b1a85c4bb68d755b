#include "batch.h"

#include <errno.h>
#include <string.h>

#define MAGIC 0x6d32
#define VERSION 1
#define DATA 0
#define BLOCK_BYTES 16384u

static void *column(uint8_t **at, size_t capacity, size_t bytes) {
  void *begin = *at;
  *at += capacity * bytes;
  return begin;
}

bool batch_of(uint8_t *memory, size_t memory_bytes, size_t capacity, struct batch *out) {
  const size_t row = 4 * sizeof(double) + 4 * sizeof(uint32_t) + 6 * sizeof(uint16_t) + 3;
  if (capacity > BATCH_ROWS_MAX || memory_bytes / row < capacity) return false;
  if ((uintptr_t)memory % sizeof(double) != 0) return false;
  uint8_t *at = memory;
  out->capacity = capacity;
  out->sequence = column(&at, capacity, sizeof(double));
  out->block = column(&at, capacity, sizeof(double));
  out->arrived_micros = column(&at, capacity, sizeof(double));
  out->place = column(&at, capacity, sizeof(double));
  out->session_high = column(&at, capacity, sizeof(uint32_t));
  out->session_low = column(&at, capacity, sizeof(uint32_t));
  out->timestamp_micros = column(&at, capacity, sizeof(uint32_t));
  out->payload_at = column(&at, capacity, sizeof(uint32_t));
  out->bytes = column(&at, capacity, sizeof(uint16_t));
  out->symbol_bytes = column(&at, capacity, sizeof(uint16_t));
  out->place_bytes = column(&at, capacity, sizeof(uint16_t));
  out->run = column(&at, capacity, sizeof(uint16_t));
  out->run_length = column(&at, capacity, sizeof(uint16_t));
  out->message = column(&at, capacity, sizeof(uint16_t));
  out->type = column(&at, capacity, 1);
  out->symbol = column(&at, capacity, 1);
  out->fec_code = column(&at, capacity, 1);
  return true;
}

static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t get32(const uint8_t *p) { return get16(p) << 16 | get16(p + 2); }

static void put16(uint8_t *p, uint32_t value) {
  p[0] = (uint8_t)(value >> 8);
  p[1] = (uint8_t)value;
}
static void put32(uint8_t *p, uint32_t value) {
  put16(p, value >> 16);
  put16(p + 2, value & 0xffff);
}

// Reads one header into row `i`; false when it is none of a data channel of ours.
static bool describe(struct batch *b, size_t i, const uint8_t *h, size_t length) {
  if (length < BATCH_HEADER_BYTES || length - BATCH_HEADER_BYTES > UINT16_MAX) return false;
  if (get16(h) != MAGIC || h[2] >> 4 != VERSION) return false;
  // An encrypted payload, or another channel.
  if (h[4] != 0 || h[5] != 1) return false;
  b->type[i] = h[2] & 15;
  b->symbol_bytes[i] = (uint16_t)get16(h + 6);
  b->session_high[i] = get32(h + 8);
  b->session_low[i] = get32(h + 12);
  b->sequence[i] = (double)((uint64_t)get16(h + 16) << 32 | get32(h + 18));
  b->symbol[i] = h[22];
  b->fec_code[i] = h[23];
  b->timestamp_micros[i] = get32(h + 24);
  b->block[i] = get32(h + 28);
  b->bytes[i] = (uint16_t)(length - BATCH_HEADER_BYTES);
  return true;
}

static bool same_source(const struct udp_record *a, const struct udp_record *b) {
  return a->family == b->family && a->scope == b->scope && memcmp(a->address, b->address, 16) == 0;
}

// As `#isNext` of batch.ts.
static bool is_next(const struct batch *b, size_t i) {
  const size_t before = i - 1, symbol_bytes = b->symbol_bytes[i];
  if (b->block[i] == b->block[before]) return b->symbol[i] == b->symbol[before] + 1;
  return b->block[i] == b->block[before] + 1 && b->symbol[i] == 0 && symbol_bytes > 0 &&
         b->symbol[before] + 1u == (BLOCK_BYTES + symbol_bytes - 1) / symbol_bytes;
}

// As `#continues` of batch.ts.
static bool continues(const struct batch *b, size_t i, const struct udp_record *records) {
  const size_t before = i - 1;
  return b->type[i] == DATA && b->type[before] == DATA && is_next(b, i) &&
         b->sequence[i] == b->sequence[before] + 1 &&
         b->timestamp_micros[i] == b->timestamp_micros[before] && b->bytes[i] == b->bytes[before] &&
         b->symbol_bytes[i] == b->symbol_bytes[before] &&
         b->session_low[i] == b->session_low[before] &&
         b->session_high[i] == b->session_high[before] &&
         (b->message[i] == b->message[before] ||
          same_source(&records[b->message[i]], &records[b->message[before]]));
}

size_t batch_hear(struct batch *b, const uint8_t *slab, size_t slab_bytes, size_t slot_bytes,
                  const struct udp_record *records, size_t messages, double now_micros) {
  size_t row = 0;
  if (slot_bytes == 0) return 0;
  for (size_t m = 0; m < messages && m < UINT16_MAX; m++) {
    const struct udp_record *r = &records[m];
    const size_t length = r->length_bytes, segment = r->segment_bytes;
    if (m >= slab_bytes / slot_bytes || length > slot_bytes || segment == 0) continue;
    const uint8_t *message = slab + m * slot_bytes;
    for (size_t at = 0; at < length && row < b->capacity; at += segment) {
      const size_t bytes = length - at < segment ? length - at : segment;
      if (!describe(b, row, message + at, bytes)) continue;
      b->arrived_micros[row] = now_micros - r->age_micros;
      b->payload_at[row] = (uint32_t)(m * slot_bytes + at + BATCH_HEADER_BYTES);
      b->message[row] = (uint16_t)m;
      const size_t run = row > 0 && continues(b, row, records) ? b->run[row - 1] : row;
      b->run[row] = (uint16_t)run;
      b->run_length[run] = (uint16_t)(row + 1 - run);
      row++;
    }
  }
  return row;
}

// What belongs at the place of row `i` is there and fits the pool.
static bool fits(const struct batch *b, size_t i, size_t count, size_t slab_bytes, size_t pool_bytes) {
  const size_t symbol = b->symbol_bytes[i];
  size_t left = b->place_bytes[i];
  if (left > pool_bytes || b->place[i] > (double)(pool_bytes - left)) return false;
  for (; left > 0; i++) {
    const size_t bytes = left < symbol ? left : symbol;
    if (i == count || bytes == 0) return false;
    if (b->payload_at[i] > slab_bytes || bytes > slab_bytes - b->payload_at[i]) return false;
    left -= bytes;
  }
  return true;
}

long batch_place(const struct batch *b, size_t count, const uint8_t *slab, size_t slab_bytes,
                 uint8_t *pool, size_t pool_bytes) {
  if (count > b->capacity) return -EINVAL;
  for (size_t i = 0; i < count; i++)
    if (b->place[i] >= 0 && !fits(b, i, count, slab_bytes, pool_bytes)) return -EINVAL;
  long placed = 0;
  for (size_t i = 0; i < count; i++) {
    if (!(b->place[i] >= 0)) continue;
    uint8_t *into = pool + (size_t)b->place[i];
    const size_t symbol = b->symbol_bytes[i];
    size_t left = b->place_bytes[i];
    for (size_t j = i; left > 0; j++) {
      const size_t bytes = left < symbol ? left : symbol;
      memmove(into, slab + b->payload_at[j], bytes);
      into += bytes;
      left -= bytes;
    }
    placed++;
  }
  return placed;
}

static void write_header(const struct batch *b, size_t i, uint8_t *h) {
  const uint64_t sequence = b->sequence[i] >= 0 && b->sequence[i] < 0x1p48 ? (uint64_t)b->sequence[i] : 0;
  put16(h, MAGIC);
  h[2] = (uint8_t)(VERSION << 4 | (b->type[i] & 15));
  h[3] = 0;
  h[4] = 0;
  h[5] = 1;
  put16(h + 6, b->symbol_bytes[i]);
  put32(h + 8, b->session_high[i]);
  put32(h + 12, b->session_low[i]);
  put16(h + 16, (uint32_t)(sequence >> 32));
  put32(h + 18, (uint32_t)sequence);
  h[22] = b->symbol[i];
  h[23] = b->fec_code[i];
  put32(h + 24, b->timestamp_micros[i]);
  put32(h + 28, b->block[i] >= 0 && b->block[i] < 0x1p32 ? (uint32_t)b->block[i] : 0);
}

// Where the content of row `i` begins, if that of row `first` begins at 0; nowhere before that.
static size_t content_at(const struct batch *b, size_t first, size_t i) {
  const double at = (b->block[i] - b->block[first]) * BLOCK_BYTES +
                    ((double)b->symbol[i] - b->symbol[first]) * b->symbol_bytes[first];
  return at >= 0 && at < 0x1p48 ? (size_t)at : SIZE_MAX;
}

// How much of row `i` is content: not what follows the end of its block, or of all.
static size_t content_of(const struct batch *b, size_t first, size_t i, size_t payload_bytes) {
  const size_t at = content_at(b, first, i), from = (size_t)b->symbol[i] * b->symbol_bytes[first];
  if (at >= payload_bytes || from >= BLOCK_BYTES) return 0;
  size_t bytes = b->bytes[i];
  if (bytes > BLOCK_BYTES - from) bytes = BLOCK_BYTES - from;
  return bytes < payload_bytes - at ? bytes : payload_bytes - at;
}

long batch_write(const struct batch *b, size_t first, size_t count, const uint8_t *payload,
                 size_t payload_bytes, uint8_t *into, size_t into_bytes) {
  if (first > b->capacity || count > b->capacity - first) return -EINVAL;
  size_t total = 0;
  for (size_t i = first; i < first + count; i++) total += BATCH_HEADER_BYTES + b->bytes[i];
  if (total > into_bytes) return -EINVAL;
  for (size_t i = first; i < first + count; i++) {
    const size_t bytes = b->bytes[i], known = content_of(b, first, i, payload_bytes);
    write_header(b, i, into);
    if (known > 0) memcpy(into + BATCH_HEADER_BYTES, payload + content_at(b, first, i), known);
    memset(into + BATCH_HEADER_BYTES + known, 0, bytes - known);
    into += BATCH_HEADER_BYTES + bytes;
  }
  return (long)total;
}
