#include "sha256.h"

#include "sha256-parts.h"

#if defined __x86_64__

#include <cpuid.h>
#include <immintrin.h>

// A step is four rounds.
enum { BLOCK = SHA256_BLOCK, STEPS = SHA256_ROUNDS / 4, LANES = 2, FEATURES_LEAF = 7 };

#define USES_SHA __attribute__((target("sha,sse4.1")))

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
    for (int step = 0; step < STEPS; step++) {
      const __m128i k = _mm_load_si128((const __m128i *)sha256_constants + step);
#pragma GCC unroll 2
      for (int lane = 0; lane < LANES; lane++) {
        struct state *s = &now[lane];
        const __m128i sum = _mm_add_epi32(w[lane][step & 3], k);
        s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
        s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0e));
        if (step < STEPS - 4) extend(w[lane], step);
      }
    }
    for (int lane = 0; lane < LANES; lane++) {
      both[lane].abef = _mm_add_epi32(both[lane].abef, now[lane].abef);
      both[lane].cdgh = _mm_add_epi32(both[lane].cdgh, now[lane].cdgh);
    }
  }
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
  for (int lane = 0; lane < LANES; lane++) blocks = sha256_pad(pieces[lane] + BLOCK * whole, length, ends[lane]);
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
