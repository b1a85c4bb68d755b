// What Node cannot be told about its own sockets.

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "values.h"

// Packets carry the code point from now on. A socket of IPv6 may carry IPv4, so both are asked for;
// either is enough.
static int mark(int fd, int code_point) {
  int class = code_point << 2;
  int six = setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class);
  int four = setsockopt(fd, IPPROTO_IP, IP_TOS, &class, sizeof class);
  return six == 0 || four == 0 ? 0 : -errno;
}

// mark(fd, codePoint) → 0, or a negative errno
static napi_value js_mark(napi_env env, napi_callback_info info) {
  napi_value a[2];
  size_t count = 2;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t fd = integer(env, a[0]), code_point = integer(env, a[1]);
  if (fd < 0 || fd > INT32_MAX || code_point < 0 || code_point > 63) return number(env, -EINVAL);
  return number(env, mark((int)fd, (int)code_point));
}

// It sends no faster than this; below 2^32 every kernel takes it.
static int pace(int fd, uint64_t bytes_per_second) {
  uint32_t rate = bytes_per_second < UINT32_MAX ? (uint32_t)bytes_per_second : UINT32_MAX;
  return setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate) == 0 ? 0 : -errno;
}

// pace(fd, bytesPerSecond) → 0, or a negative errno
static napi_value js_pace(napi_env env, napi_callback_info info) {
  napi_value a[2];
  size_t count = 2;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t fd = integer(env, a[0]), rate = integer(env, a[1]);
  if (fd < 0 || fd > INT32_MAX || rate <= 0) return number(env, -EINVAL);
  return number(env, pace((int)fd, (uint64_t)rate));
}

napi_value socket_door(napi_env env) {
  static const struct entry all[] = {{"mark", js_mark}, {"pace", js_pace}};
  return door(env, all, sizeof all / sizeof *all);
}
