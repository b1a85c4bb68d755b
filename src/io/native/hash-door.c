// SHA-256 of many pieces in one call: two at a time where the processor can (`sha256.h`), the others by
// the OpenSSL that Node itself has, whose one-shot function costs more than a node of the tree takes to
// hash. OpenSSL is found at run time, because a Node without its own names for it would otherwise not
// load any of the native parts.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "sha256.h"
#include "values.h"

// Larger than any version's SHA256_CTX.
struct state {
  _Alignas(16) uint8_t bytes[512];
};

static int (*begin)(struct state *state);
static int (*update)(struct state *state, const void *bytes, size_t length);
static int (*finish)(uint8_t *digest, struct state *state);

static bool is_paired;

static void one(const uint8_t *piece, size_t length, uint8_t *into) {
  struct state state;
  begin(&state);
  update(&state, piece, length);
  finish(into, &state);
}

// sha256(bytes, pieceBytes, into) → pieces, or a negative errno. A piece is read before its digest is
// written, so `into` may be `bytes`.
static napi_value js_sha256(napi_env env, napi_callback_info info) {
  napi_value a[3];
  size_t count = 3, length, room;
  uint8_t *bytes, *into;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t wanted = integer(env, a[1]);
  if (!view(env, a[0], napi_uint8_array, &bytes, &length) || wanted < SHA256_BYTES ||
      !view(env, a[2], napi_uint8_array, &into, &room))
    return number(env, -EINVAL);
  const size_t piece = (size_t)wanted, pieces = length / piece + (length % piece > 0);
  if (room / SHA256_BYTES < pieces) return number(env, -EINVAL);
  size_t at = 0;
  for (; is_paired && length - at >= 2 * piece; at += 2 * piece, into += 2 * SHA256_BYTES)
    sha256_both((const uint8_t *const[]){bytes + at, bytes + at + piece}, piece,
                (uint8_t *const[]){into, into + SHA256_BYTES});
  for (; at < length; at += piece, into += SHA256_BYTES)
    one(bytes + at, length - at < piece ? length - at : piece, into);
  return number(env, (double)pieces);
}

// sha256At(slab, places, count, into) → count, or a negative errno. A place is two words: where a piece
// begins and how long it is.
static napi_value js_sha256_at(napi_env env, napi_callback_info info) {
  napi_value a[4];
  size_t count = 4, length, listed_bytes, room;
  uint8_t *slab, *into, *listed;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t pieces = integer(env, a[2]);
  if (!view(env, a[0], napi_uint8_array, &slab, &length) || pieces < 0 ||
      !view(env, a[1], napi_int32_array, &listed, &listed_bytes) ||
      (uint64_t)pieces > listed_bytes / (2 * sizeof(uint32_t)) ||
      !view(env, a[3], napi_uint8_array, &into, &room) || (uint64_t)pieces > room / SHA256_BYTES)
    return number(env, -EINVAL);
  // One below zero is one beyond the end.
  const uint32_t *places = (const uint32_t *)(const void *)listed;
  for (int64_t i = 0; i < pieces; i++)
    if (places[2 * i] > length || places[2 * i + 1] > length - places[2 * i]) return number(env, -EINVAL);
  for (int64_t i = 0; i < pieces;) {
    const uint32_t *here = places + 2 * i;
    uint8_t *digest = into + SHA256_BYTES * i;
    if (is_paired && i + 1 < pieces && here[1] == here[3]) {
      sha256_both((const uint8_t *const[]){slab + here[0], slab + here[2]}, here[1],
                  (uint8_t *const[]){digest, digest + SHA256_BYTES});
      i += 2;
    } else {
      one(slab + here[0], here[1], digest);
      i++;
    }
  }
  return number(env, (double)pieces);
}

napi_value hash_door(napi_env env) {
  begin = (int (*)(struct state *))dlsym(RTLD_DEFAULT, "SHA256_Init");
  update = (int (*)(struct state *, const void *, size_t))dlsym(RTLD_DEFAULT, "SHA256_Update");
  finish = (int (*)(uint8_t *, struct state *))dlsym(RTLD_DEFAULT, "SHA256_Final");
  is_paired = sha256_is_paired();
  static const struct entry all[] = {{"sha256", js_sha256}, {"sha256At", js_sha256_at}};
  return door(env, all, begin && update && finish ? sizeof all / sizeof *all : 0);
}
