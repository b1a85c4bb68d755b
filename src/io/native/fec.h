// Sums of products over GF(2^8), the only thing that takes time in Reed–Solomon. The field is that of
// RFC 5510 §8.1: x^8 + x^4 + x^3 + x^2 + 1, 0x11D.

#ifndef MCP2P_FEC_H
#define MCP2P_FEC_H

#include <stddef.h>
#include <stdint.h>

// Columns and rows of a code over this field are fewer.
enum { FEC_VECTORS_MAX = 255 };

enum fec_kernel { FEC_SCALAR, FEC_SSSE3, FEC_AVX2, FEC_GFNI, FEC_NEON, FEC_KERNELS };

// Before anything else; any number of times.
void fec_begin(void);

// Whether this processor has what the kernel needs.
int fec_has(enum fec_kernel kernel);
const char *fec_name(enum fec_kernel kernel);

// out[r] += sum over c of matrix[r * columns + c] * in[c], on every one of `bytes` bytes. At most
// FEC_VECTORS_MAX rows and columns; no vector overlaps another that is written.
void fec_apply(enum fec_kernel kernel, const uint8_t *matrix, size_t rows, size_t columns,
               const uint8_t *const *in, uint8_t *const *out, size_t bytes);

#endif
