#include "values.h"

#include <errno.h>

napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

int64_t integer(napi_env env, napi_value value) {
  int64_t result = -EINVAL;
  if (value == NULL || napi_get_value_int64(env, value, &result) != napi_ok) return -EINVAL;
  return result;
}

bool text(napi_env env, napi_value value, char out[TEXT_MAX]) {
  size_t length = 0;
  // What does not fit is no address and no interface: it is cut to something that is refused.
  return value != NULL && napi_get_value_string_utf8(env, value, out, TEXT_MAX, &length) == napi_ok;
}

bool view(napi_env env, napi_value value, napi_typedarray_type wanted, uint8_t **bytes,
          size_t *length) {
  napi_typedarray_type type;
  size_t items = 0;
  void *data = NULL;
  bool is = false;
  if (value == NULL || napi_is_typedarray(env, value, &is) != napi_ok || !is) return false;
  if (napi_get_typedarray_info(env, value, &type, &items, &data, NULL, NULL) != napi_ok) return false;
  if (type != wanted) return false;
  *bytes = data;
  *length = type == napi_int32_array ? items * 4 : items;
  return data != NULL;
}

napi_value door(napi_env env, const struct entry *entries, size_t count) {
  napi_value object = NULL, function;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  for (size_t i = 0; i < count; i++) {
    const struct entry *e = &entries[i];
    if (napi_create_function(env, e->name, NAPI_AUTO_LENGTH, e->function, NULL, &function) != napi_ok ||
        napi_set_named_property(env, object, e->name, function) != napi_ok)
      return NULL;
  }
  return object;
}
