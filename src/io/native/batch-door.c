// The door between JavaScript and batch.c. A number that is negative is an errno.

#include <errno.h>

#include "batch.h"
#include "values.h"

#define ARGUMENTS_MAX 7

static bool columns(napi_env env, napi_value memory, napi_value capacity, struct batch *out) {
  uint8_t *bytes;
  size_t length;
  const int64_t rows = integer(env, capacity);
  return view(env, memory, napi_uint8_array, &bytes, &length) && rows >= 0 &&
         batch_of(bytes, length, (size_t)rows, out);
}

// hear(memory, capacity, slab, slotBytes, records, messages, nowMicros) → rows
static napi_value js_hear(napi_env env, napi_callback_info info) {
  napi_value a[ARGUMENTS_MAX];
  size_t count = ARGUMENTS_MAX, slab_bytes, records_bytes;
  uint8_t *slab, *records;
  double now;
  struct batch batch;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t slot = integer(env, a[3]), messages = integer(env, a[5]);
  if (!columns(env, a[0], a[1], &batch) || !view(env, a[2], napi_uint8_array, &slab, &slab_bytes) ||
      !view(env, a[4], napi_int32_array, &records, &records_bytes) || slot <= 0 || messages < 0 ||
      (uint64_t)messages > records_bytes / sizeof(struct udp_record) ||
      napi_get_value_double(env, a[6], &now) != napi_ok)
    return number(env, -EINVAL);
  return number(env, (double)batch_hear(&batch, slab, slab_bytes, (size_t)slot,
                                        (const struct udp_record *)(const void *)records,
                                        (size_t)messages, now));
}

// place(memory, capacity, count, slab, pool) → how many have a place
static napi_value js_place(napi_env env, napi_callback_info info) {
  napi_value a[ARGUMENTS_MAX];
  size_t count = ARGUMENTS_MAX, slab_bytes, pool_bytes;
  uint8_t *slab, *pool;
  struct batch batch;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t rows = integer(env, a[2]);
  if (!columns(env, a[0], a[1], &batch) || rows < 0 ||
      !view(env, a[3], napi_uint8_array, &slab, &slab_bytes) ||
      !view(env, a[4], napi_uint8_array, &pool, &pool_bytes))
    return number(env, -EINVAL);
  return number(env, (double)batch_place(&batch, (size_t)rows, slab, slab_bytes, pool, pool_bytes));
}

// write(memory, capacity, first, count, payload, into) → bytes
static napi_value js_write(napi_env env, napi_callback_info info) {
  napi_value a[ARGUMENTS_MAX];
  size_t count = ARGUMENTS_MAX, payload_bytes, into_bytes;
  uint8_t *payload, *into;
  struct batch batch;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t first = integer(env, a[2]), rows = integer(env, a[3]);
  if (!columns(env, a[0], a[1], &batch) || first < 0 || rows < 0 ||
      !view(env, a[4], napi_uint8_array, &payload, &payload_bytes) ||
      !view(env, a[5], napi_uint8_array, &into, &into_bytes))
    return number(env, -EINVAL);
  return number(env, (double)batch_write(&batch, (size_t)first, (size_t)rows, payload, payload_bytes,
                                         into, into_bytes));
}

napi_value batch_door(napi_env env) {
  static const struct entry all[] = {{"hear", js_hear}, {"place", js_place}, {"write", js_write}};
  return door(env, all, sizeof all / sizeof *all);
}
