// Batches of datagrams for Linux: one system call for many of them, in both directions. Plain C
// without Node, so that a small program can test it. Every function returns a negative errno where
// it fails; nothing is allocated after `udp_open`.

#ifndef MCP2P_UDP_H
#define MCP2P_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Messages that one `udp_receive` takes at most, and one system call of it. After `UDP_ENOUGH_BYTES` it
// makes no other: what the first ones brought would be pushed out of the cache.
#define UDP_MESSAGES_MAX 256
#define UDP_CALL_MAX 64
#define UDP_ENOUGH_BYTES (512 * 1024)

struct udp_socket {
  int fd;
  int family;
  // Segmentation by the kernel works, as far as we know.
  bool gso;
  // Messages that the kernel dropped for want of buffer since the socket was opened; where it joins
  // datagrams, a message is several of them.
  uint32_t drops;
  struct sockaddr_in6 to;
  socklen_t to_bytes;
};

// What came in one slot of the slab: 16 words, read by JavaScript as an Int32Array.
struct udp_record {
  uint32_t length_bytes;
  // The kernel joined several datagrams of this size; equal to the length where it did not.
  uint32_t segment_bytes;
  // How long ago the kernel took it in.
  uint32_t age_micros;
  uint32_t family;
  uint32_t scope;
  uint32_t port;
  uint8_t address[16];
  uint32_t unused[6];
};

enum udp_option {
  UDP_OPTION_RECEIVE_BUFFER,
  UDP_OPTION_SEND_BUFFER,
  UDP_OPTION_TTL,
  UDP_OPTION_LOOPBACK,
  UDP_OPTION_DSCP,
  UDP_OPTION_INTERFACE,
  UDP_OPTION_GSO,
  UDP_OPTION_WHOLE, // 1: nothing that leaves may be cut on its way
};

// Opens and binds; `address` may be empty for any. `family` is 4 or 6. Joined datagrams (GRO),
// arrival times and the drop counter are asked for; a kernel without them just does not give them.
int udp_open(struct udp_socket *s, int family, const char *address, uint32_t interface_index,
             uint16_t port, bool reuse);
void udp_close(struct udp_socket *s);
int udp_port(const struct udp_socket *s);

// Sets an option where `value` is not negative, and returns what holds then.
int udp_option(struct udp_socket *s, enum udp_option option, int value);

// Joins or leaves `group` on an interface; with `source` (not empty) only what that address sends.
int udp_membership(struct udp_socket *s, bool join, const char *group, uint32_t interface_index,
                   const char *source);

// Where `udp_send` sends to.
int udp_target(struct udp_socket *s, const char *address, uint32_t interface_index, uint16_t port);

// Sends `length` bytes as datagrams of `segment` bytes, the last one shorter. Returns the bytes that
// the kernel took, which is less than `length` when it has no room for more.
long udp_send(struct udp_socket *s, const uint8_t *bytes, size_t length, size_t segment);

// Takes what waits, one message to each slot of the slab, without waiting. Returns the messages.
int udp_receive(struct udp_socket *s, uint8_t *slab, size_t slab_bytes, size_t slot_bytes,
                struct udp_record *records, size_t record_count);

#endif
