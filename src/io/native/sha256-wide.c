#include "sha256-wide.h"

#include "sha256-parts.h"

#if defined __x86_64__

#include <immintrin.h>

enum { BLOCK = SHA256_BLOCK, WORDS = 16, LANES = SHA256_WIDE_LANES };

#define WIDE __attribute__((target("avx512f,avx512bw")))

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// vpternlog: the value of the function for each of the eight combinations of three bits.
enum { XOR3 = 0x96, CHOOSE = 0xca, MAJORITY = 0xe8 };

bool sha256_is_wide(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

WIDE static inline __m512i xor3(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi32(a, b, c, XOR3);
}

WIDE static inline __m512i add(__m512i a, __m512i b) {
  return _mm512_add_epi32(a, b);
}

// Rows of 16 words become columns: 32-bit pairs, 64-bit pairs, then quarters of the registers.
WIDE static inline void transpose(__m512i r[WORDS]) {
  __m512i t[WORDS];
  for (int i = 0; i < WORDS; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < WORDS; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

WIDE static inline void load(const uint8_t *const at[LANES], size_t offset, __m512i w[WORDS]) {
  const __m512i big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  for (int lane = 0; lane < LANES; lane++)
    w[lane] = _mm512_shuffle_epi8(_mm512_loadu_si512(at[lane] + offset), big_endian);
  transpose(w);
}

// `count` blocks of every lane.
WIDE static void compress(__m512i state[8], const uint8_t *const at[LANES], size_t count) {
  for (size_t done = 0; done < count; done++) {
    __m512i w[WORDS];
    load(at, BLOCK * done, w);
    __m512i a = state[0], b = state[1], c = state[2], d = state[3];
    __m512i e = state[4], f = state[5], g = state[6], h = state[7];
#pragma GCC unroll 64
    for (int i = 0; i < SHA256_ROUNDS; i++) {
      if (i >= WORDS) {
        const __m512i w15 = w[(i + 1) & 15], w2 = w[(i + 14) & 15];
        const __m512i s0 = xor3(_mm512_ror_epi32(w15, 7), _mm512_ror_epi32(w15, 18), _mm512_srli_epi32(w15, 3));
        const __m512i s1 = xor3(_mm512_ror_epi32(w2, 17), _mm512_ror_epi32(w2, 19), _mm512_srli_epi32(w2, 10));
        w[i & 15] = add(add(w[i & 15], s0), add(w[(i + 9) & 15], s1));
      }
      const __m512i s1 = xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25));
      const __m512i known = add(add(h, w[i & 15]), _mm512_set1_epi32((int)sha256_constants[i]));
      const __m512i t1 = add(known, add(s1, _mm512_ternarylogic_epi32(e, f, g, CHOOSE)));
      const __m512i s0 = xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22));
      const __m512i t2 = add(s0, _mm512_ternarylogic_epi32(a, b, c, MAJORITY));
      h = g, g = f, f = e, e = add(d, t1), d = c, c = b, b = a, a = add(t1, t2);
    }
    const __m512i now[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) state[i] = add(state[i], now[i]);
  }
}

WIDE void sha256_wide(const uint8_t *const pieces[], size_t count, size_t length, uint8_t *digests) {
  const uint8_t *at[LANES];
  // Lanes that nobody needs do the first one's work again.
  for (size_t lane = 0; lane < LANES; lane++) at[lane] = pieces[lane < count ? lane : 0];
  __m512i state[8];
  for (int i = 0; i < 8; i++) state[i] = _mm512_set1_epi32((int)initial[i]);
  compress(state, at, length / BLOCK);
  uint8_t ends[LANES][2 * BLOCK];
  size_t blocks = 0;
  for (size_t lane = 0; lane < LANES; lane++) {
    blocks = sha256_pad(at[lane] + length / BLOCK * BLOCK, length, ends[lane]);
    at[lane] = ends[lane];
  }
  compress(state, at, blocks);
  uint32_t words[8][LANES];
  for (int i = 0; i < 8; i++) _mm512_storeu_si512(words[i], state[i]);
  for (size_t lane = 0; lane < count; lane++)
    for (int i = 0; i < 8; i++) {
      const uint32_t word = __builtin_bswap32(words[i][lane]);
      memcpy(digests + SHA256_BYTES * lane + 4 * i, &word, sizeof word);
    }
}

#else

bool sha256_is_wide(void) {
  return false;
}

void sha256_wide(const uint8_t *const pieces[], size_t count, size_t length, uint8_t *digests) {
  (void)pieces;
  (void)count;
  (void)length;
  (void)digests;
}

#endif
