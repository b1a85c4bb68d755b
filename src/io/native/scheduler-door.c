// What a process may ask of Linux' scheduler without any right.

#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "values.h"

// As sched_setattr(2) has it; libc does not declare it everywhere.
struct attributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

// Lets the calling thread run for so long at a time: with EEVDF (Linux 6.12) who asks for much comes
// later. Older kernels take it and change nothing.
static int slice(uint64_t nanos) {
  struct attributes now = {.size = sizeof now};
  if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) != 0) return -errno;
  now.runtime = nanos;
  return syscall(SYS_sched_setattr, 0, &now, 0) == 0 ? 0 : -errno;
}

// slice(micros) → 0, or a negative errno
static napi_value js_slice(napi_env env, napi_callback_info info) {
  napi_value a[1];
  size_t count = 1;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t micros = integer(env, a[0]);
  if (micros <= 0 || micros > 1000000) return number(env, -EINVAL);
  return number(env, slice((uint64_t)micros * 1000));
}

napi_value scheduler_door(napi_env env) {
  static const struct entry all[] = {{"slice", js_slice}};
  return door(env, all, sizeof all / sizeof *all);
}
