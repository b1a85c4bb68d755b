// The little of libuv that Node exports to addons and that we need, declared by hand: its binary
// interface is the same through all of libuv 1.x, and so no libuv headers are needed to build. The
// handle's size is asked at run time.

#ifndef MCP2P_LOOP_H
#define MCP2P_LOOP_H

#include <stddef.h>

typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;

enum { UV_POLL_TYPE = 8, UV_READABLE = 1, UV_WRITABLE = 2 };

typedef void (*uv_poll_cb)(uv_handle_t *handle, int status, int events);
typedef void (*uv_close_cb)(uv_handle_t *handle);

extern size_t uv_handle_size(int type);
extern void uv_handle_set_data(uv_handle_t *handle, void *data);
extern void *uv_handle_get_data(const uv_handle_t *handle);
extern int uv_poll_init(uv_loop_t *loop, uv_handle_t *handle, int fd);
extern int uv_poll_start(uv_handle_t *handle, int events, uv_poll_cb callback);
extern int uv_poll_stop(uv_handle_t *handle);
extern void uv_close(uv_handle_t *handle, uv_close_cb callback);

#endif
