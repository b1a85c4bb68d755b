// Hashes of many pieces in one call. BLAKE3 is all of `blake3.h`. SHA-256 is of sixteen at a time
// (`sha256-wide.h`) or two (`sha256.h`) where the processor can, of the others by the OpenSSL that Node
// itself has, whose one-shot function costs more than a node of the tree takes to hash. OpenSSL is found
// at run time, because a Node without its own names for it would otherwise not load any of the native
// parts.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "blake3.h"
#include "sha256-wide.h"
#include "values.h"

enum { DIGEST = 32, PIECES_MAX = 16 };

_Static_assert((int)SHA256_BYTES == (int)DIGEST && (int)BLAKE3_BYTES == (int)DIGEST, "digests of one length");
_Static_assert((int)SHA256_WIDE_LANES == (int)PIECES_MAX &&
                   (int)BLAKE3_PIECES_MAX == (int)PIECES_MAX,
               "pieces of a batch");

// Hashes as many of `count` pieces of `length` bytes as go at once, `PIECES_MAX` at most; returns how many.
typedef size_t hash_some(const uint8_t *const pieces[], size_t count, size_t length, uint8_t *into);

// Larger than any version's SHA256_CTX.
struct state {
  _Alignas(16) uint8_t bytes[512];
};

static int (*begin)(struct state *state);
static int (*update)(struct state *state, const void *bytes, size_t length);
static int (*finish)(uint8_t *digest, struct state *state);

static bool is_paired, is_wide;
static size_t lanes;

// From so many on sixteen lanes are faster than two, though some of them idle.
enum { WIDE_MIN = 11 };

static void one(const uint8_t *piece, size_t length, uint8_t *into) {
  struct state state;
  begin(&state);
  update(&state, piece, length);
  finish(into, &state);
}

static size_t some_sha256(const uint8_t *const pieces[], size_t count, size_t length, uint8_t *into) {
  if (is_wide && count >= WIDE_MIN) {
    sha256_wide(pieces, count, length, into);
    return count;
  }
  if (is_paired && count >= 2) {
    sha256_both(pieces, length, (uint8_t *const[]){into, into + SHA256_BYTES});
    return 2;
  }
  one(pieces[0], length, into);
  return 1;
}

static size_t some_blake3(const uint8_t *const pieces[], size_t count, size_t length, uint8_t *into) {
  blake3(lanes, pieces, count, length, into);
  return count;
}

// (bytes, pieceBytes, into) → pieces, or a negative errno. A piece is read before its digest is written,
// so `into` may be `bytes`.
static napi_value each(napi_env env, napi_callback_info info, hash_some *some) {
  napi_value a[3];
  size_t count = 3, length, room;
  uint8_t *bytes, *into;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t wanted = integer(env, a[1]);
  if (!view(env, a[0], napi_uint8_array, &bytes, &length) || wanted < DIGEST ||
      !view(env, a[2], napi_uint8_array, &into, &room))
    return number(env, -EINVAL);
  const size_t piece = (size_t)wanted, whole = length / piece, rest = length % piece;
  if (room / DIGEST < whole + (rest > 0)) return number(env, -EINVAL);
  for (size_t done = 0; done < whole;) {
    const uint8_t *pieces[PIECES_MAX];
    size_t next = 0;
    for (; next < PIECES_MAX && done + next < whole; next++) pieces[next] = bytes + piece * (done + next);
    done += some(pieces, next, piece, into + DIGEST * done);
  }
  if (rest > 0) some((const uint8_t *const[]){bytes + piece * whole}, 1, rest, into + DIGEST * whole);
  return number(env, (double)(whole + (rest > 0)));
}

// (slab, places, count, into) → count, or a negative errno. A place is two words: where a piece begins and
// how long it is.
static napi_value at(napi_env env, napi_callback_info info, hash_some *some) {
  napi_value a[4];
  size_t count = 4, length, listed_bytes, room;
  uint8_t *slab, *into, *listed;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t pieces = integer(env, a[2]);
  if (!view(env, a[0], napi_uint8_array, &slab, &length) || pieces < 0 ||
      !view(env, a[1], napi_int32_array, &listed, &listed_bytes) ||
      (uint64_t)pieces > listed_bytes / (2 * sizeof(uint32_t)) ||
      !view(env, a[3], napi_uint8_array, &into, &room) || (uint64_t)pieces > room / DIGEST)
    return number(env, -EINVAL);
  // One below zero is one beyond the end.
  const uint32_t *places = (const uint32_t *)(const void *)listed;
  for (int64_t i = 0; i < pieces; i++)
    if (places[2 * i] > length || places[2 * i + 1] > length - places[2 * i]) return number(env, -EINVAL);
  for (int64_t done = 0; done < pieces;) {
    const uint32_t *here = places + 2 * done;
    const uint8_t *alike[PIECES_MAX];
    size_t next = 0;
    for (; next < PIECES_MAX && done + (int64_t)next < pieces && here[2 * next + 1] == here[1]; next++)
      alike[next] = slab + here[2 * next];
    done += (int64_t)some(alike, next, here[1], into + DIGEST * done);
  }
  return number(env, (double)pieces);
}

static napi_value js_sha256(napi_env env, napi_callback_info info) {
  return each(env, info, some_sha256);
}

static napi_value js_sha256_at(napi_env env, napi_callback_info info) {
  return at(env, info, some_sha256);
}

static napi_value js_blake3(napi_env env, napi_callback_info info) {
  return each(env, info, some_blake3);
}

static napi_value js_blake3_at(napi_env env, napi_callback_info info) {
  return at(env, info, some_blake3);
}

// blake3Lanes() → how many the processor has.
static napi_value js_blake3_lanes(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, (double)lanes);
}

napi_value hash_door(napi_env env) {
  begin = (int (*)(struct state *))dlsym(RTLD_DEFAULT, "SHA256_Init");
  update = (int (*)(struct state *, const void *, size_t))dlsym(RTLD_DEFAULT, "SHA256_Update");
  finish = (int (*)(uint8_t *, struct state *))dlsym(RTLD_DEFAULT, "SHA256_Final");
  is_paired = sha256_is_paired();
  is_wide = sha256_is_wide();
  lanes = blake3_lanes();
  // Those of SHA-256, which may be missing, come last.
  static const struct entry all[] = {{"blake3", js_blake3},
                                     {"blake3At", js_blake3_at},
                                     {"blake3Lanes", js_blake3_lanes},
                                     {"sha256", js_sha256},
                                     {"sha256At", js_sha256_at}};
  return door(env, all, sizeof all / sizeof *all - (begin && update && finish ? 0 : 2));
}
