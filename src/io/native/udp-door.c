// The door between JavaScript and the batches of udp.c. A number that is negative is an errno.

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include "loop.h"
#include "udp.h"
#include "values.h"

#define ARGUMENTS_MAX 6

// Other addons have externals, too: only ours begin with this.
#define MAGIC 0x6d637032u

struct handle {
  uint32_t magic;
  struct udp_socket socket;
  napi_env env;
  uv_handle_t *poll;
  napi_ref callback;
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  // libuv let go of it; JavaScript did. Whoever comes second frees it.
  bool closed;
  bool forgotten;
};

struct call {
  struct handle *handle;
  napi_value arguments[ARGUMENTS_MAX];
};

// Arguments of a call whose first one is an open handle; missing ones are `undefined`.
static bool unpack(napi_env env, napi_callback_info info, struct call *call) {
  size_t count = ARGUMENTS_MAX;
  void *data = NULL;
  if (napi_get_cb_info(env, info, &count, call->arguments, NULL, NULL) != napi_ok) return false;
  napi_valuetype type;
  if (napi_typeof(env, call->arguments[0], &type) != napi_ok || type != napi_external) return false;
  if (napi_get_value_external(env, call->arguments[0], &data) != napi_ok) return false;
  call->handle = data;
  return data != NULL && call->handle->magic == MAGIC && call->handle->poll != NULL;
}

// ---- life

static void unwatch(struct handle *h) {
  if (h->callback) napi_delete_reference(h->env, h->callback);
  if (h->context) napi_async_destroy(h->env, h->context);
  h->callback = NULL;
  h->context = NULL;
}

static void polled_off(uv_handle_t *poll) {
  struct handle *h = uv_handle_get_data(poll);
  udp_close(&h->socket);
  free(poll);
  if (h->hook) napi_remove_async_cleanup_hook(h->hook);
  h->hook = NULL;
  h->closed = true;
  if (h->forgotten) free(h);
}

// The descriptor may only close after libuv let go of it.
static void shut(struct handle *h) {
  uv_handle_t *poll = h->poll;
  h->poll = NULL;
  unwatch(h);
  if (poll == NULL) return;
  uv_poll_stop(poll);
  uv_close(poll, polled_off);
}

static void environment_ends(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  shut(data);
}

static void forget(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct handle *h = data;
  h->forgotten = true;
  if (h->closed) free(h);
  else shut(h);
}

static void ready(uv_handle_t *poll, int status, int events) {
  struct handle *h = uv_handle_get_data(poll);
  napi_handle_scope scope;
  napi_value callback, object, arguments[2], error;
  if (h->callback == NULL || napi_open_handle_scope(h->env, &scope) != napi_ok) return;
  napi_get_reference_value(h->env, h->callback, &callback);
  napi_create_object(h->env, &object);
  arguments[0] = number(h->env, status);
  arguments[1] = number(h->env, events);
  napi_make_callback(h->env, h->context, object, callback, 2, arguments, NULL);
  bool threw = false;
  if (napi_is_exception_pending(h->env, &threw) == napi_ok && threw &&
      napi_get_and_clear_last_exception(h->env, &error) == napi_ok)
    napi_fatal_exception(h->env, error);
  napi_close_handle_scope(h->env, scope);
}

// ---- what JavaScript calls

// open(family, address, interfaceIndex, port, reuse) → handle, or a negative errno
static napi_value js_open(napi_env env, napi_callback_info info) {
  napi_value a[ARGUMENTS_MAX], result;
  size_t count = ARGUMENTS_MAX;
  char address[TEXT_MAX];
  bool reuse = false;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  int64_t family = integer(env, a[0]), index = integer(env, a[2]), port = integer(env, a[3]);
  if ((family != 4 && family != 6) || !text(env, a[1], address) || index < 0 || port < 0 ||
      port > 65535 || napi_get_value_bool(env, a[4], &reuse) != napi_ok)
    return number(env, -EINVAL);
  uv_loop_t *loop;
  struct handle *h = calloc(1, sizeof *h);
  uv_handle_t *poll = calloc(1, uv_handle_size(UV_POLL_TYPE));
  int bad = h && poll && napi_get_uv_event_loop(env, (void *)&loop) == napi_ok ? 0 : -ENOMEM;
  if (!bad) bad = udp_open(&h->socket, (int)family, address, (uint32_t)index, (uint16_t)port, reuse);
  if (!bad) {
    bad = uv_poll_init(loop, poll, h->socket.fd);
    if (bad) udp_close(&h->socket);
  }
  if (bad) {
    free(poll);
    free(h);
    return number(env, bad);
  }
  h->magic = MAGIC;
  h->env = env;
  h->poll = poll;
  uv_handle_set_data(poll, h);
  napi_add_async_cleanup_hook(env, environment_ends, h, &h->hook);
  if (napi_create_external(env, h, forget, NULL, &result) == napi_ok) return result;
  forget(env, h, NULL);
  return number(env, -ENOMEM);
}

// close(handle)
static napi_value js_close(napi_env env, napi_callback_info info) {
  struct call call;
  if (unpack(env, info, &call)) shut(call.handle);
  return number(env, 0);
}

// port(handle) → port
static napi_value js_port(napi_env env, napi_callback_info info) {
  struct call call;
  return number(env, unpack(env, info, &call) ? udp_port(&call.handle->socket) : -EBADF);
}

// drops(handle) → datagrams
static napi_value js_drops(napi_env env, napi_callback_info info) {
  struct call call;
  return number(env, unpack(env, info, &call) ? call.handle->socket.drops : 0);
}

// option(handle, which, value) → what holds then
static napi_value js_option(napi_env env, napi_callback_info info) {
  struct call call;
  if (!unpack(env, info, &call)) return number(env, -EBADF);
  int64_t which = integer(env, call.arguments[1]), value = integer(env, call.arguments[2]);
  if (which < 0 || which > UDP_OPTION_WHOLE || value > INT32_MAX) return number(env, -EINVAL);
  return number(env, udp_option(&call.handle->socket, (enum udp_option)which, value < 0 ? -1 : (int)value));
}

// membership(handle, join, group, interfaceIndex, source)
static napi_value js_membership(napi_env env, napi_callback_info info) {
  struct call call;
  char group[TEXT_MAX], source[TEXT_MAX];
  bool join = false;
  if (!unpack(env, info, &call)) return number(env, -EBADF);
  napi_value *a = call.arguments;
  int64_t index = integer(env, a[3]);
  if (napi_get_value_bool(env, a[1], &join) != napi_ok || !text(env, a[2], group) || index < 0 ||
      !text(env, a[4], source))
    return number(env, -EINVAL);
  return number(env, udp_membership(&call.handle->socket, join, group, (uint32_t)index, source));
}

// target(handle, address, interfaceIndex, port)
static napi_value js_target(napi_env env, napi_callback_info info) {
  struct call call;
  char address[TEXT_MAX];
  if (!unpack(env, info, &call)) return number(env, -EBADF);
  napi_value *a = call.arguments;
  int64_t index = integer(env, a[2]), port = integer(env, a[3]);
  if (!text(env, a[1], address) || index < 0 || port < 0 || port > 65535) return number(env, -EINVAL);
  return number(env, udp_target(&call.handle->socket, address, (uint32_t)index, (uint16_t)port));
}

// send(handle, slab, offset, length, segment) → bytes taken
static napi_value js_send(napi_env env, napi_callback_info info) {
  struct call call;
  uint8_t *slab;
  size_t slab_bytes;
  if (!unpack(env, info, &call)) return number(env, -EBADF);
  napi_value *a = call.arguments;
  int64_t offset = integer(env, a[2]), length = integer(env, a[3]), segment = integer(env, a[4]);
  if (!view(env, a[1], napi_uint8_array, &slab, &slab_bytes) || offset < 0 || length < 0 || segment <= 0 ||
      (uint64_t)offset > slab_bytes || (uint64_t)length > slab_bytes - (uint64_t)offset)
    return number(env, -EINVAL);
  return number(env, (double)udp_send(&call.handle->socket, slab + offset, (size_t)length, (size_t)segment));
}

// receive(handle, slab, slotBytes, records) → messages
static napi_value js_receive(napi_env env, napi_callback_info info) {
  struct call call;
  uint8_t *slab, *records;
  size_t slab_bytes, records_bytes;
  if (!unpack(env, info, &call)) return number(env, -EBADF);
  napi_value *a = call.arguments;
  int64_t slot = integer(env, a[2]);
  if (!view(env, a[1], napi_uint8_array, &slab, &slab_bytes) || slot <= 0 || !view(env, a[3], napi_int32_array, &records, &records_bytes))
    return number(env, -EINVAL);
  // Int32Array: aligned as the record is.
  return number(env, udp_receive(&call.handle->socket, slab, slab_bytes, (size_t)slot, (void *)records,
                                 records_bytes / sizeof(struct udp_record)));
}

// watch(handle, events, callback): 1 readable, 2 writable, 0 none; the callback gets (status, events)
static napi_value js_watch(napi_env env, napi_callback_info info) {
  struct call call;
  if (!unpack(env, info, &call)) return number(env, -EBADF);
  struct handle *h = call.handle;
  int64_t events = integer(env, call.arguments[1]);
  if (events < 0 || events > (UV_READABLE | UV_WRITABLE)) return number(env, -EINVAL);
  if (events == 0) return number(env, uv_poll_stop(h->poll));
  if (h->callback == NULL) {
    napi_value name;
    napi_create_string_utf8(env, "MCP2P_UDP", NAPI_AUTO_LENGTH, &name);
    if (napi_create_reference(env, call.arguments[2], 1, &h->callback) != napi_ok ||
        napi_async_init(env, NULL, name, &h->context) != napi_ok)
      return number(env, -EINVAL);
  }
  return number(env, uv_poll_start(h->poll, (int)events, ready));
}

// interfaceIndex(name) → index, 0 when there is none
static napi_value js_interface_index(napi_env env, napi_callback_info info) {
  napi_value a[1];
  size_t count = 1;
  char name[TEXT_MAX];
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  return number(env, text(env, a[0], name) ? if_nametoindex(name) : 0);
}

napi_value udp_door(napi_env env) {
  static const struct entry all[] = {
    {"open", js_open},     {"close", js_close},           {"port", js_port},
    {"drops", js_drops},   {"option", js_option},         {"membership", js_membership},
    {"target", js_target}, {"send", js_send},             {"receive", js_receive},
    {"watch", js_watch},   {"interfaceIndex", js_interface_index},
  };
  return door(env, all, sizeof all / sizeof *all);
}
