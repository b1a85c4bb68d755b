// What Node cannot be told, or asked, about its own sockets.

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
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

// Segments that a connection has sent, those that it has got, and those that it has sent again.
static int count_segments(int fd, uint32_t counts[3]) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -errno;
  if (length < offsetof(struct tcp_info, tcpi_segs_in) + sizeof info.tcpi_segs_in) return -ENOTSUP;
  counts[0] = info.tcpi_segs_out;
  counts[1] = info.tcpi_segs_in;
  counts[2] = info.tcpi_total_retrans;
  return 0;
}

// segments(fd, counts: Int32Array of 3 or more) → 0, or a negative errno
static napi_value js_segments(napi_env env, napi_callback_info info) {
  napi_value a[2];
  size_t count = 2;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t fd = integer(env, a[0]);
  uint8_t *bytes = NULL;
  size_t length = 0;
  if (fd < 0 || fd > INT32_MAX) return number(env, -EINVAL);
  if (!view(env, a[1], napi_int32_array, &bytes, &length)) return number(env, -EINVAL);
  if (length < 3 * sizeof(uint32_t)) return number(env, -EINVAL);
  return number(env, count_segments((int)fd, (uint32_t *)(void *)bytes));
}

napi_value socket_door(napi_env env) {
  static const struct entry all[] = {
      {"mark", js_mark}, {"pace", js_pace}, {"segments", js_segments}};
  return door(env, all, sizeof all / sizeof *all);
}
