#include "fec.h"

#include <string.h>

#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

enum { FIELD = 0x11d, FEC_ROWS = 4, GFNI_ROWS = 8, WIDTH_MAX = 64 };

static uint8_t products[256][256];
// Products with the low half of a byte, then with the high one.
static uint8_t nibbles[256][32];
// A product as a matrix of bits, as GFNI wants it: byte 7 − i makes bit i.
static uint64_t bits[256];

static uint8_t times(uint8_t a, uint8_t b) {
  uint8_t product = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) product ^= a;
    a = (uint8_t)(a << 1 ^ (a & 0x80 ? FIELD & 0xff : 0));
  }
  return product;
}

static uint64_t bits_of(uint8_t a) {
  uint64_t matrix = 0;
  for (int in = 0; in < 8; in++) {
    const uint8_t column = times(a, (uint8_t)(1 << in));
    for (int out = 0; out < 8; out++)
      if (column >> out & 1) matrix |= 1ull << (8 * (7 - out) + in);
  }
  return matrix;
}

void fec_begin(void) {
  if (products[1][1] == 1) return;
  for (int a = 255; a >= 0; a--) {
    for (int b = 0; b < 256; b++) products[a][b] = times((uint8_t)a, (uint8_t)b);
    for (int half = 0; half < 16; half++) {
      nibbles[a][half] = products[a][half];
      nibbles[a][16 + half] = products[a][half << 4];
    }
    bits[a] = bits_of((uint8_t)a);
  }
}

static void scalar_apply(const uint8_t *matrix, size_t rows, size_t columns, const uint8_t *const *in,
                         uint8_t *const *out, size_t bytes) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      const uint8_t *product = products[matrix[r * columns + c]];
      for (size_t at = 0; at < bytes; at++) out[r][at] ^= product[in[c][at]];
    }
}

#if defined __x86_64__

#define NAME(part) ssse3##part
#define TARGET __attribute__((target("ssse3")))
#define VECTOR __m128i
#define WIDTH 16
#define LOAD(from) _mm_loadu_si128((const __m128i *)(from))
#define STORE(to, value) _mm_storeu_si128((__m128i *)(to), value)
#define XOR _mm_xor_si128
#define LOW(value) _mm_and_si128(value, _mm_set1_epi8(15))
#define HIGH(value) _mm_and_si128(_mm_srli_epi64(value, 4), _mm_set1_epi8(15))
#define TABLE(from) LOAD(from)
#define LOOKUP _mm_shuffle_epi8
#include "fec-nibbles.h"

#define NAME(part) avx2##part
#define TARGET __attribute__((target("avx2")))
#define VECTOR __m256i
#define WIDTH 32
#define LOAD(from) _mm256_loadu_si256((const __m256i *)(from))
#define STORE(to, value) _mm256_storeu_si256((__m256i *)(to), value)
#define XOR _mm256_xor_si256
#define LOW(value) _mm256_and_si256(value, _mm256_set1_epi8(15))
#define HIGH(value) _mm256_and_si256(_mm256_srli_epi64(value, 4), _mm256_set1_epi8(15))
#define TABLE(from) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(from)))
#define LOOKUP _mm256_shuffle_epi8
#include "fec-nibbles.h"

#define GFNI __attribute__((target("avx512f,avx512bw,gfni")))

static inline __attribute__((always_inline)) GFNI void gfni_tile(const uint8_t *matrix, size_t rows,
                                                                size_t columns, const uint8_t *const *in,
                                                                uint8_t *const *out, size_t at) {
  __m512i sum[GFNI_ROWS];
#pragma GCC unroll 8
  for (size_t r = 0; r < rows; r++) sum[r] = _mm512_loadu_si512(out[r] + at);
  for (size_t c = 0; c < columns; c++) {
    const __m512i value = _mm512_loadu_si512(in[c] + at);
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
      const __m512i factor = _mm512_set1_epi64((long long)bits[matrix[r * columns + c]]);
      sum[r] = _mm512_xor_si512(sum[r], _mm512_gf2p8affine_epi64_epi8(value, factor, 0));
    }
  }
#pragma GCC unroll 8
  for (size_t r = 0; r < rows; r++) _mm512_storeu_si512(out[r] + at, sum[r]);
}

static GFNI void gfni_apply(const uint8_t *matrix, size_t rows, size_t columns, const uint8_t *const *in,
                            uint8_t *const *out, size_t bytes) {
  for (; rows >= GFNI_ROWS; rows -= GFNI_ROWS, matrix += GFNI_ROWS * columns, out += GFNI_ROWS)
    for (size_t at = 0; at < bytes; at += 64) gfni_tile(matrix, GFNI_ROWS, columns, in, out, at);
  for (; rows >= FEC_ROWS; rows -= FEC_ROWS, matrix += FEC_ROWS * columns, out += FEC_ROWS)
    for (size_t at = 0; at < bytes; at += 64) gfni_tile(matrix, FEC_ROWS, columns, in, out, at);
  for (; rows > 0; rows--, matrix += columns, out++)
    for (size_t at = 0; at < bytes; at += 64) gfni_tile(matrix, 1, columns, in, out, at);
}

#elif defined __aarch64__

#define NAME(part) neon##part
#define TARGET
#define VECTOR uint8x16_t
#define WIDTH 16
#define LOAD vld1q_u8
#define STORE vst1q_u8
#define XOR veorq_u8
#define LOW(value) vandq_u8(value, vdupq_n_u8(15))
#define HIGH(value) vshrq_n_u8(value, 4)
#define TABLE vld1q_u8
#define LOOKUP vqtbl1q_u8
#include "fec-nibbles.h"

#endif

typedef void apply(const uint8_t *matrix, size_t rows, size_t columns, const uint8_t *const *in,
                   uint8_t *const *out, size_t bytes);

static const struct {
  const char *name;
  apply *apply;
  size_t width;
} kernels[FEC_KERNELS] = {
    [FEC_SCALAR] = {"scalar", scalar_apply, 1},
#if defined __x86_64__
    [FEC_SSSE3] = {"SSSE3", ssse3_apply, 16},
    [FEC_AVX2] = {"AVX2", avx2_apply, 32},
    [FEC_GFNI] = {"GFNI", gfni_apply, 64},
#elif defined __aarch64__
    [FEC_NEON] = {"NEON", neon_apply, 16},
#endif
};

int fec_has(enum fec_kernel kernel) {
  if (kernels[kernel].apply == NULL) return 0;
#if defined __x86_64__
  __builtin_cpu_init();
  if (kernel == FEC_SSSE3) return __builtin_cpu_supports("ssse3") != 0;
  if (kernel == FEC_AVX2) return __builtin_cpu_supports("avx2") != 0;
  if (kernel == FEC_GFNI)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("gfni");
#endif
  return 1;
}

const char *fec_name(enum fec_kernel kernel) { return kernels[kernel].name; }

// What is left after the last whole vector goes through vectors of its own: reading on would leave the
// slab, and a kernel byte by byte costs more than all before it.
static void apply_rest(enum fec_kernel kernel, const uint8_t *matrix, size_t rows, size_t columns,
                       const uint8_t *const *in, uint8_t *const *out, size_t from, size_t bytes) {
  uint8_t values[FEC_VECTORS_MAX][WIDTH_MAX], sums[FEC_VECTORS_MAX][WIDTH_MAX];
  const uint8_t *value[FEC_VECTORS_MAX] = {NULL};
  uint8_t *sum[FEC_VECTORS_MAX] = {NULL};
  const size_t width = kernels[kernel].width;
  for (size_t c = 0; c < columns; c++) {
    value[c] = values[c];
    memcpy(values[c], in[c] + from, bytes);
    memset(values[c] + bytes, 0, width - bytes);
  }
  for (size_t r = 0; r < rows; r++) {
    sum[r] = sums[r];
    memset(sums[r], 0, width);
  }
  kernels[kernel].apply(matrix, rows, columns, value, sum, width);
  for (size_t r = 0; r < rows; r++)
    for (size_t at = 0; at < bytes; at++) out[r][from + at] ^= sums[r][at];
}

void fec_apply(enum fec_kernel kernel, const uint8_t *matrix, size_t rows, size_t columns,
               const uint8_t *const *in, uint8_t *const *out, size_t bytes) {
  const size_t rest = bytes % kernels[kernel].width;
  kernels[kernel].apply(matrix, rows, columns, in, out, bytes - rest);
  if (rest > 0) apply_rest(kernel, matrix, rows, columns, in, out, bytes - rest, rest);
}
