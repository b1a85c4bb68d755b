// What JavaScript passes, checked before it is used, so that no call, however wrong, reads or writes
// outside the slab it names; and the functions of one part as an object. Node-API, no C++.

#ifndef MCP2P_VALUES_H
#define MCP2P_VALUES_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX 64

struct entry {
  const char *name;
  napi_callback function;
};

// NULL when JavaScript has no memory left.
napi_value door(napi_env env, const struct entry *entries, size_t count);

// Below zero it is an errno, here as in all that these functions return.
napi_value number(napi_env env, double value);

// -EINVAL for what is no number.
int64_t integer(napi_env env, napi_value value);

bool text(napi_env env, napi_value value, char out[TEXT_MAX]);

// The bytes of a typed array of the wanted type.
bool view(napi_env env, napi_value value, napi_typedarray_type wanted, uint8_t **bytes, size_t *length);

// The doors that addon.c hangs up.
napi_value udp_door(napi_env env);
napi_value scheduler_door(napi_env env);
napi_value hash_door(napi_env env);
napi_value fec_door(napi_env env);
napi_value batch_door(napi_env env);
napi_value socket_door(napi_env env);

#endif
