// The native part as one module: an object for each part.

#include "values.h"

static napi_value start(napi_env env, napi_value exports) {
  static const struct {
    const char *name;
    napi_value (*door)(napi_env env);
  } parts[] = {
      {"udp", udp_door}, {"scheduler", scheduler_door}, {"hash", hash_door},
      {"fec", fec_door}, {"batch", batch_door}, {"socket", socket_door},
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    napi_value door = parts[i].door(env);
    if (door == NULL || napi_set_named_property(env, exports, parts[i].name, door) != napi_ok) return NULL;
  }
  return exports;
}

NAPI_MODULE(mcp2p, start)
