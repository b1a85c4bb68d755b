#include "sha256.h"

#include <string.h>

#if defined __x86_64__

#include <cpuid.h>
#include <immintrin.h>

enum { BLOCK = 64, LENGTH_AT = 56, ROUNDS = 16, LANES = 2, FEATURES_LEAF = 7 };

#define USES_SHA __attribute__((target("sha,sse4.1")))

// Each a step of four rounds.
static const uint32_t constants[4 * ROUNDS] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The eight words a…h as the instructions want them.
struct state {
  __m128i abef, cdgh;
};

bool sha256_is_paired(void) {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid_count(FEATURES_LEAF, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) != 0 &&
         __builtin_cpu_supports("sse4.1");
}

USES_SHA static inline __m128i words_of(const uint8_t *at) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)at), big_endian);
}

// The next four words of the schedule, in the place of the four oldest.
USES_SHA static inline void extend(__m128i w[4], int step) {
  const __m128i newest = w[(step + 3) & 3];
  __m128i sum = _mm_sha256msg1_epu32(w[step & 3], w[(step + 1) & 3]);
  sum = _mm_add_epi32(sum, _mm_alignr_epi8(newest, w[(step + 2) & 3], 4));
  w[step & 3] = _mm_sha256msg2_epu32(sum, newest);
}

// `count` blocks of both.
USES_SHA static void compress(struct state both[LANES], const uint8_t *const at[LANES], size_t count) {
  for (size_t done = 0; done < count; done++) {
    struct state now[LANES];
    __m128i w[LANES][4];
    for (int lane = 0; lane < LANES; lane++) {
      now[lane] = both[lane];
      for (int i = 0; i < 4; i++) w[lane][i] = words_of(at[lane] + BLOCK * done + 16 * i);
    }
#pragma GCC unroll 16
    for (int step = 0; step < ROUNDS; step++) {
      const __m128i k = _mm_load_si128((const __m128i *)constants + step);
#pragma GCC unroll 2
      for (int lane = 0; lane < LANES; lane++) {
        struct state *s = &now[lane];
        const __m128i sum = _mm_add_epi32(w[lane][step & 3], k);
        s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
        s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0e));
        if (step < ROUNDS - 4) extend(w[lane], step);
      }
    }
    for (int lane = 0; lane < LANES; lane++) {
      both[lane].abef = _mm_add_epi32(both[lane].abef, now[lane].abef);
      both[lane].cdgh = _mm_add_epi32(both[lane].cdgh, now[lane].cdgh);
    }
  }
}

// What follows the last whole block: its rest, a one bit, zeros, and the length in bits.
static size_t pad(const uint8_t *rest, size_t length, uint8_t out[2 * BLOCK]) {
  const size_t left = length % BLOCK, blocks = left < LENGTH_AT ? 1 : 2;
  memset(out, 0, 2 * BLOCK);
  memcpy(out, rest, left);
  out[left] = 0x80;
  for (int i = 0; i < 8; i++) out[blocks * BLOCK - 1 - i] = (uint8_t)((uint64_t)length << 3 >> (8 * i));
  return blocks;
}

USES_SHA static void store(const struct state *state, uint8_t *digest) {
  const __m128i feba = _mm_shuffle_epi32(state->abef, 0x1b), dchg = _mm_shuffle_epi32(state->cdgh, 0xb1);
  const __m128i dcba = _mm_blend_epi16(feba, dchg, 0xf0), hgfe = _mm_alignr_epi8(dchg, feba, 8);
  _mm_storeu_si128((__m128i *)digest, words_of((const uint8_t *)&dcba));
  _mm_storeu_si128((__m128i *)digest + 1, words_of((const uint8_t *)&hgfe));
}

USES_SHA void sha256_both(const uint8_t *const pieces[2], size_t length, uint8_t *const digests[2]) {
  const struct state first = {_mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
                              _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19)};
  struct state both[LANES] = {first, first};
  const size_t whole = length / BLOCK;
  compress(both, pieces, whole);
  uint8_t ends[LANES][2 * BLOCK];
  size_t blocks = 0;
  for (int lane = 0; lane < LANES; lane++) blocks = pad(pieces[lane] + BLOCK * whole, length, ends[lane]);
  compress(both, (const uint8_t *const[]){ends[0], ends[1]}, blocks);
  for (int lane = 0; lane < LANES; lane++) store(&both[lane], digests[lane]);
}

#else

bool sha256_is_paired(void) {
  return false;
}

void sha256_both(const uint8_t *const pieces[2], size_t length, uint8_t *const digests[2]) {
  (void)pieces;
  (void)length;
  (void)digests;
}

#endif
