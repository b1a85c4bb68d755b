#include "blake3.h"

#include <stdbool.h>
#include <string.h>

#if defined __x86_64__
#include <immintrin.h>
#endif

// A whole tree has at most so many chunks; more of them are trees below other nodes.
enum { WORDS = 16, BLOCK = 64, CHUNK = 1024, TREE_CHUNKS = 16, TREE = TREE_CHUNKS * CHUNK };

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// What is hashed: a chunk, by its number in its piece, or the values of two nodes.
struct lane {
  const uint8_t *from;
  uint8_t *to;
  uint32_t chunk;
};

// What lanes have in common: their blocks, how long the last one is, and the flags of all, of the first
// and of the last.
struct shape {
  uint32_t blocks, last_bytes, flags, first, last;
};

#define NAME(part) one##part
#define TARGET
#define VECTOR uint32_t
#define LANES 1
#include "blake3-lanes.h"

typedef uint32_t four __attribute__((vector_size(16)));
#define NAME(part) four##part
#define TARGET
#define VECTOR four
#define LANES 4
#define STAGES 2
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#include "blake3-lanes.h"

#if defined __x86_64__

typedef uint32_t eight __attribute__((vector_size(32)));
// Bytes within each word: two shifts and an or would take three times as long.
#define BYTES(value, high, low) \
  (eight)_mm256_shuffle_epi8((__m256i)(value), _mm256_broadcastsi128_si256(_mm_set_epi64x(high, low)))
#define BY16(value) BYTES(value, 0x0d0c0f0e09080b0a, 0x0504070601000302)
#define BY8(value) BYTES(value, 0x0c0f0e0d080b0a09, 0x0407060500030201)
#define NAME(part) eight##part
#define TARGET __attribute__((target("avx2")))
#define VECTOR eight
#define LANES 8
#define STAGES 3
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#include "blake3-lanes.h"

typedef uint32_t sixteen __attribute__((vector_size(64)));
#define NAME(part) sixteen##part
#define TARGET __attribute__((target("avx512f")))
#define VECTOR sixteen
#define LANES 16
#define STAGES 4
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#include "blake3-lanes.h"

#endif

size_t blake3_lanes(void) {
#if defined __x86_64__
  if (__builtin_cpu_supports("avx512f")) return 16;
  if (__builtin_cpu_supports("avx2")) return 8;
#endif
  return 4;
}

// A scalar lane takes as long as a register of them, and needs no turning.
static void hash(size_t width, const struct lane *lanes, size_t count, const struct shape *shape) {
  for (size_t now; count > 0; lanes += now, count -= now) {
    now = count < width ? count : width;
    if (now == 1 || width == 1) one_hash(lanes, now, shape);
#if defined __x86_64__
    else if (width == 16) sixteen_hash(lanes, now, shape);
    else if (width == 8) eight_hash(lanes, now, shape);
#endif
    else four_hash(lanes, now, shape);
  }
}

// The values of all chunks; those of a piece lie in a row.
static void hash_chunks(size_t width, const uint8_t *const pieces[], size_t count, size_t length, uint32_t first,
                        uint32_t root, uint8_t *values, size_t stride) {
  struct lane lanes[BLAKE3_PIECES_MAX * TREE_CHUNKS];
  struct shape shape = {CHUNK / BLOCK, BLOCK, 0, CHUNK_START, CHUNK_END | root};
  const size_t whole = length / CHUNK, rest = length % CHUNK;
  size_t lane = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t chunk = 0; chunk < whole; chunk++)
      lanes[lane++] = (struct lane){pieces[i] + CHUNK * chunk, values + stride * i + BLAKE3_BYTES * chunk,
                                    first + (uint32_t)chunk};
  hash(width, lanes, lane, &shape);
  if (rest == 0 && length > 0) return;
  // What is no whole number of blocks is followed by zeros.
  uint8_t padded[BLAKE3_PIECES_MAX][CHUNK];
  shape.blocks = rest > 0 ? (uint32_t)(rest + BLOCK - 1) / BLOCK : 1;
  shape.last_bytes = (uint32_t)rest - BLOCK * (shape.blocks - 1);
  for (size_t i = 0; i < count; i++) {
    const uint8_t *from = pieces[i] + CHUNK * whole;
    if (shape.last_bytes < BLOCK) {
      memcpy(padded[i], from, rest);
      memset(padded[i] + rest, 0, BLOCK - shape.last_bytes);
      from = padded[i];
    }
    lanes[i] = (struct lane){from, values + stride * i + BLAKE3_BYTES * whole, first + (uint32_t)whole};
  }
  hash(width, lanes, count, &shape);
}

// The values of trees alike, one for each piece of `length` bytes, `TREE` at most; `first` is the number
// of their first chunk.
static void hash_trees(size_t width, const uint8_t *const pieces[], size_t count, size_t length, uint32_t first,
                       uint32_t root, uint8_t *out) {
  if (length <= CHUNK) {
    hash_chunks(width, pieces, count, length, first, root, out, BLAKE3_BYTES);
    return;
  }
  uint8_t values[BLAKE3_PIECES_MAX][TREE_CHUNKS][BLAKE3_BYTES];
  hash_chunks(width, pieces, count, length, first, 0, values[0][0], sizeof values[0]);
  struct shape shape = {1, BLOCK, PARENT, 0, 0};
  // An odd one out is a node of the next level as it is.
  for (size_t nodes = (length + CHUNK - 1) / CHUNK; nodes > 1; nodes = (nodes + 1) / 2) {
    struct lane lanes[BLAKE3_PIECES_MAX * TREE_CHUNKS / 2];
    size_t lane = 0;
    if (nodes == 2) shape.flags |= root;
    for (size_t i = 0; i < count; i++)
      for (size_t pair = 0; pair < nodes / 2; pair++)
        lanes[lane++] =
            (struct lane){values[i][2 * pair], nodes == 2 ? out + BLAKE3_BYTES * i : values[i][pair], 0};
    hash(width, lanes, lane, &shape);
    if (nodes % 2 == 1)
      for (size_t i = 0; i < count; i++) memcpy(values[i][nodes / 2], values[i][nodes - 1], BLAKE3_BYTES);
  }
}

// A tree of any size: on the left is the largest whole one that leaves something for the right.
static void hash_tree(size_t width, const uint8_t *piece, size_t length, uint32_t first, uint32_t root,
                      uint8_t *out) {
  if (length <= TREE) {
    hash_trees(width, &piece, 1, length, first, root, out);
    return;
  }
  size_t left = TREE;
  while (left < length - left) left *= 2;
  uint8_t both[2 * BLAKE3_BYTES];
  hash_tree(width, piece, left, first, 0, both);
  hash_tree(width, piece + left, length - left, first + (uint32_t)(left / CHUNK), 0, both + BLAKE3_BYTES);
  one_hash(&(struct lane){both, out, 0}, 1, &(struct shape){1, BLOCK, PARENT | root, 0, 0});
}

void blake3(size_t lanes, const uint8_t *const pieces[], size_t count, size_t length, uint8_t *digests) {
  if (length <= TREE) {
    hash_trees(lanes, pieces, count, length, 0, ROOT, digests);
    return;
  }
  for (size_t i = 0; i < count; i++)
    hash_tree(lanes, pieces[i], length, 0, ROOT, digests + BLAKE3_BYTES * i);
}
