// Copies between stretches of memory, many in one call: a view of each, as JavaScript would need, costs
// more than the bytes of a datagram do.

#include <errno.h>
#include <string.h>

#include "values.h"

// How a move is written down; all in bytes.
struct move {
  uint32_t from, to, length;
};

// move(from, into, moves, count) → count, or a negative errno before anything was moved
static napi_value js_move(napi_env env, napi_callback_info info) {
  napi_value a[4];
  size_t count = 4, length, room, listed_bytes;
  uint8_t *from, *into, *listed;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  const int64_t wanted = integer(env, a[3]);
  if (!view(env, a[0], napi_uint8_array, &from, &length) ||
      !view(env, a[1], napi_uint8_array, &into, &room) ||
      !view(env, a[2], napi_int32_array, &listed, &listed_bytes) || wanted < 0 ||
      (uint64_t)wanted > listed_bytes / sizeof(struct move))
    return number(env, -EINVAL);
  // One below zero is one beyond the end.
  const struct move *moves = (const struct move *)(const void *)listed;
  for (int64_t i = 0; i < wanted; i++) {
    const struct move m = moves[i];
    if (m.from > length || m.length > length - m.from) return number(env, -EINVAL);
    if (m.to > room || m.length > room - m.to) return number(env, -EINVAL);
  }
  for (int64_t i = 0; i < wanted; i++) memmove(into + moves[i].to, from + moves[i].from, moves[i].length);
  return number(env, (double)wanted);
}

napi_value memory_door(napi_env env) {
  static const struct entry all[] = {{"move", js_move}};
  return door(env, all, sizeof all / sizeof *all);
}
