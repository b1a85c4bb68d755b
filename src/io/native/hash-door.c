// SHA-256 of many pieces in one call, by the OpenSSL that Node itself has: its one-shot function costs
// more than a node of the tree takes to hash. Found at run time, because a Node without OpenSSL's own
// names would otherwise not load any of the native parts.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "values.h"

enum { DIGEST_BYTES = 32 };

// Larger than any version's SHA256_CTX.
struct state {
  _Alignas(16) uint8_t bytes[512];
};

static int (*begin)(struct state *state);
static int (*update)(struct state *state, const void *bytes, size_t length);
static int (*finish)(uint8_t *digest, struct state *state);

// Each piece is read before its digest is written, so `into` may be `bytes`.
static void digests(const uint8_t *bytes, size_t length, size_t piece, uint8_t *into) {
  struct state state;
  uint8_t digest[DIGEST_BYTES];
  for (size_t at = 0; at < length; at += piece, into += DIGEST_BYTES) {
    begin(&state);
    update(&state, bytes + at, length - at < piece ? length - at : piece);
    finish(digest, &state);
    memcpy(into, digest, DIGEST_BYTES);
  }
}

// sha256(bytes, pieceBytes, into) → pieces, or a negative errno
static napi_value js_sha256(napi_env env, napi_callback_info info) {
  napi_value a[3];
  size_t count = 3, length, room;
  uint8_t *bytes, *into;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t piece = integer(env, a[1]);
  if (!view(env, a[0], napi_uint8_array, &bytes, &length) || piece < DIGEST_BYTES ||
      !view(env, a[2], napi_uint8_array, &into, &room))
    return number(env, -EINVAL);
  size_t pieces = length / (size_t)piece + (length % (size_t)piece > 0);
  if (room / DIGEST_BYTES < pieces) return number(env, -EINVAL);
  digests(bytes, length, (size_t)piece, into);
  return number(env, (double)pieces);
}

napi_value hash_door(napi_env env) {
  begin = (int (*)(struct state *))dlsym(RTLD_DEFAULT, "SHA256_Init");
  update = (int (*)(struct state *, const void *, size_t))dlsym(RTLD_DEFAULT, "SHA256_Update");
  finish = (int (*)(uint8_t *, struct state *))dlsym(RTLD_DEFAULT, "SHA256_Final");
  static const struct entry all[] = {{"sha256", js_sha256}};
  return door(env, all, begin && update && finish ? sizeof all / sizeof *all : 0);
}
