// The door between JavaScript and fec.c.

#include <errno.h>

#include "fec.h"
#include "values.h"

enum { ARGUMENTS = 8 };

struct vectors {
  uint8_t *slab;
  int32_t *offsets;
  size_t slab_bytes, count;
};

// Every vector lies in its slab.
static bool vectors(napi_env env, napi_value slab, napi_value offsets, size_t bytes, struct vectors *v) {
  uint8_t *raw;
  size_t raw_bytes;
  if (!view(env, slab, napi_uint8_array, &v->slab, &v->slab_bytes) ||
      !view(env, offsets, napi_int32_array, &raw, &raw_bytes))
    return false;
  v->offsets = (int32_t *)(void *)raw;
  v->count = raw_bytes / sizeof *v->offsets;
  if (v->count > FEC_VECTORS_MAX || bytes > v->slab_bytes) return false;
  for (size_t i = 0; i < v->count; i++)
    if (v->offsets[i] < 0 || (size_t)v->offsets[i] > v->slab_bytes - bytes) return false;
  return true;
}

// apply(kernel, matrix, source, sourceOffsets, sums, sumOffsets, bytes) → 0, or a negative errno
static napi_value js_apply(napi_env env, napi_callback_info info) {
  napi_value a[ARGUMENTS];
  size_t count = ARGUMENTS, matrix_bytes;
  uint8_t *matrix;
  struct vectors source, sums;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t kernel = integer(env, a[0]), bytes = integer(env, a[6]);
  if (kernel < 0 || kernel >= FEC_KERNELS || !fec_has((enum fec_kernel)kernel) || bytes < 0 ||
      !view(env, a[1], napi_uint8_array, &matrix, &matrix_bytes) ||
      !vectors(env, a[2], a[3], (size_t)bytes, &source) || !vectors(env, a[4], a[5], (size_t)bytes, &sums) ||
      matrix_bytes != source.count * sums.count)
    return number(env, -EINVAL);
  const uint8_t *in[FEC_VECTORS_MAX] = {NULL};
  uint8_t *out[FEC_VECTORS_MAX] = {NULL};
  for (size_t i = 0; i < source.count; i++) in[i] = source.slab + source.offsets[i];
  for (size_t i = 0; i < sums.count; i++) out[i] = sums.slab + sums.offsets[i];
  fec_apply((enum fec_kernel)kernel, matrix, sums.count, source.count, in, out, (size_t)bytes);
  return number(env, 0);
}

// kernels() → the names of those that this processor has, by their numbers, the fastest last
static napi_value js_kernels(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value names, name;
  napi_create_object(env, &names);
  for (int kernel = 0; kernel < FEC_KERNELS; kernel++)
    if (fec_has((enum fec_kernel)kernel) &&
        napi_create_string_utf8(env, fec_name((enum fec_kernel)kernel), NAPI_AUTO_LENGTH, &name) == napi_ok)
      napi_set_element(env, names, (uint32_t)kernel, name);
  return names;
}

napi_value fec_door(napi_env env) {
  static const struct entry all[] = {{"apply", js_apply}, {"kernels", js_kernels}};
  fec_begin();
  return door(env, all, sizeof all / sizeof *all);
}
