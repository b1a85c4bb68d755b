#define _GNU_SOURCE
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

// Limits of the kernel: a super-datagram is one IP packet, and holds 64 segments (Linux 4.18).
#define GSO_BYTES_MAX 65000u
#define GSO_SEGMENTS_MAX 64u
#define AGE_MICROS_MAX 10000000

static int failed(void) { return -errno; }

static int address_of(int family, const char *text, uint32_t interface_index, uint16_t port,
                      struct sockaddr_in6 *out, socklen_t *out_bytes) {
  memset(out, 0, sizeof *out);
  if (family == 4) {
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    *out_bytes = sizeof *four;
    return *text == 0 || inet_pton(AF_INET, text, &four->sin_addr) == 1 ? 0 : -EINVAL;
  }
  out->sin6_family = AF_INET6;
  out->sin6_port = htons(port);
  out->sin6_scope_id = interface_index;
  *out_bytes = sizeof *out;
  return *text == 0 || inet_pton(AF_INET6, text, &out->sin6_addr) == 1 ? 0 : -EINVAL;
}

static void set(int fd, int level, int option, int value) {
  // Each of these only adds to what we are told; a kernel that refuses one leaves it out.
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

int udp_open(struct udp_socket *s, int family, const char *address, uint32_t interface_index,
             uint16_t port, bool reuse) {
  memset(s, 0, sizeof *s);
  s->fd = -1;
  struct sockaddr_in6 at;
  socklen_t at_bytes;
  int bad = address_of(family, address, interface_index, port, &at, &at_bytes);
  if (bad) return bad;
  int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed();
  if (reuse) set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == 6) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  // Without this Linux hands over groups that other sockets of the machine joined.
  if (family == 4) set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  else set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  set(fd, IPPROTO_UDP, UDP_GRO, 1);
  set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (bind(fd, (struct sockaddr *)&at, at_bytes) != 0) {
    bad = failed();
    close(fd);
    return bad;
  }
  s->fd = fd;
  s->family = family;
  // A kernel that does not know it would send one fragmented datagram instead of many.
  int segment;
  socklen_t segment_bytes = sizeof segment;
  s->gso = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &segment_bytes) == 0;
  return 0;
}

void udp_close(struct udp_socket *s) {
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
}

int udp_port(const struct udp_socket *s) {
  struct sockaddr_in6 at;
  socklen_t bytes = sizeof at;
  if (getsockname(s->fd, (struct sockaddr *)&at, &bytes) != 0) return failed();
  return ntohs(at.sin6_port); // the same place in both families
}

static int buffer(int fd, int option, int value) {
  if (value >= 0) {
    // The forced variant goes beyond rmem_max and needs the privilege; the other one is capped.
    int forced = option == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;
    if (setsockopt(fd, SOL_SOCKET, forced, &value, sizeof value) != 0)
      set(fd, SOL_SOCKET, option, value);
  }
  int granted = 0;
  socklen_t bytes = sizeof granted;
  return getsockopt(fd, SOL_SOCKET, option, &granted, &bytes) == 0 ? granted : failed();
}

static int outgoing_interface(struct udp_socket *s, int index) {
  if (s->family == 6)
    return setsockopt(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) ? failed() : index;
  struct ip_mreqn by = {.imr_ifindex = index};
  return setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) ? failed() : index;
}

int udp_option(struct udp_socket *s, enum udp_option option, int value) {
  bool four = s->family == 4;
  int level = four ? IPPROTO_IP : IPPROTO_IPV6;
  int name;
  switch (option) {
  case UDP_OPTION_RECEIVE_BUFFER: return buffer(s->fd, SO_RCVBUF, value);
  case UDP_OPTION_SEND_BUFFER: return buffer(s->fd, SO_SNDBUF, value);
  case UDP_OPTION_INTERFACE: return outgoing_interface(s, value);
  case UDP_OPTION_GSO:
    if (value >= 0) s->gso = value != 0;
    return s->gso;
  case UDP_OPTION_TTL: name = four ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS; break;
  case UDP_OPTION_LOOPBACK: name = four ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP; break;
  case UDP_OPTION_DSCP:
    name = four ? IP_TOS : IPV6_TCLASS;
    value = value < 0 ? value : value << 2;
    break;
  case UDP_OPTION_WHOLE:
    // "Want" lets the kernel cut what is longer than the route says, "do" refuses it.
    name = four ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER;
    value = value < 0 ? value : value ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;
    break;
  default: return -EINVAL;
  }
  if (value >= 0 && setsockopt(s->fd, level, name, &value, sizeof value) != 0) return failed();
  socklen_t bytes = sizeof value;
  if (getsockopt(s->fd, level, name, &value, &bytes) != 0) return failed();
  if (option == UDP_OPTION_WHOLE) return value == IP_PMTUDISC_DO;
  return option == UDP_OPTION_DSCP ? value >> 2 : value;
}

int udp_membership(struct udp_socket *s, bool join, const char *group, uint32_t interface_index,
                   const char *source) {
  // The protocol-independent requests of RFC 3678, which serve both families.
  struct group_source_req both = {.gsr_interface = interface_index};
  struct group_req any = {.gr_interface = interface_index};
  struct sockaddr_in6 at;
  socklen_t bytes;
  int level = s->family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
  int bad = address_of(s->family, group, 0, 0, &at, &bytes);
  if (bad) return bad;
  if (*source == 0) {
    memcpy(&any.gr_group, &at, bytes);
    int name = join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
    return setsockopt(s->fd, level, name, &any, sizeof any) ? failed() : 0;
  }
  memcpy(&both.gsr_group, &at, bytes);
  bad = address_of(s->family, source, 0, 0, &at, &bytes);
  if (bad) return bad;
  memcpy(&both.gsr_source, &at, bytes);
  int name = join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP;
  return setsockopt(s->fd, level, name, &both, sizeof both) ? failed() : 0;
}

int udp_target(struct udp_socket *s, const char *address, uint32_t interface_index, uint16_t port) {
  return address_of(s->family, address, interface_index, port, &s->to, &s->to_bytes);
}

// One super-datagram: the kernel, or the network card, cuts it into segments.
static ssize_t send_segmented(struct udp_socket *s, const uint8_t *bytes, size_t length,
                              size_t segment) {
  struct iovec part = {(void *)(uintptr_t)bytes, length};
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(uint16_t))];
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_name = &s->to, .msg_namelen = s->to_bytes, .msg_iov = &part,
                           .msg_iovlen = 1};
  if (length > segment) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control.room;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    uint16_t size = (uint16_t)segment;
    memcpy(CMSG_DATA(c), &size, sizeof size);
  }
  return sendmsg(s->fd, &message, MSG_NOSIGNAL);
}

// One system call, still one packet each.
static ssize_t send_many(struct udp_socket *s, const uint8_t *bytes, size_t length,
                         size_t segment) {
  struct mmsghdr messages[GSO_SEGMENTS_MAX];
  struct iovec parts[GSO_SEGMENTS_MAX];
  unsigned count = 0;
  for (size_t at = 0; at < length && count < GSO_SEGMENTS_MAX; at += segment, count++) {
    size_t size = length - at < segment ? length - at : segment;
    parts[count] = (struct iovec){(void *)(uintptr_t)(bytes + at), size};
    messages[count] = (struct mmsghdr){.msg_hdr = {.msg_name = &s->to, .msg_namelen = s->to_bytes,
                                                   .msg_iov = &parts[count], .msg_iovlen = 1}};
  }
  int sent = sendmmsg(s->fd, messages, count, MSG_NOSIGNAL);
  if (sent < 0) return -1;
  size_t taken = (size_t)sent * segment;
  return (ssize_t)(taken < length ? taken : length);
}

static bool no_gso(int error) {
  return error == EINVAL || error == EIO || error == EOPNOTSUPP || error == EMSGSIZE;
}

long udp_send(struct udp_socket *s, const uint8_t *bytes, size_t length, size_t segment) {
  if (segment == 0 || segment > GSO_BYTES_MAX) return -EINVAL;
  size_t segments = GSO_BYTES_MAX / segment;
  if (segments > GSO_SEGMENTS_MAX) segments = GSO_SEGMENTS_MAX;
  size_t done = 0;
  while (done < length) {
    size_t size = length - done;
    if (size > segments * segment) size = segments * segment;
    ssize_t sent;
    if (s->gso) {
      sent = send_segmented(s, bytes + done, size, segment);
      if (sent < 0 && size > segment && no_gso(errno)) {
        s->gso = false;
        continue;
      }
    } else {
      sent = send_many(s, bytes + done, size, segment);
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return done > 0 ? (long)done : failed();
    done += (size_t)sent;
  }
  return (long)done;
}

static int64_t micros(const struct timespec *t) {
  return (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000;
}

static void describe(struct udp_socket *s, const struct msghdr *message, uint32_t length,
                     int64_t now, struct udp_record *record) {
  memset(record, 0, sizeof *record);
  record->length_bytes = length;
  record->segment_bytes = length;
  const struct sockaddr_in6 *from = message->msg_name;
  if (from->sin6_family == AF_INET) {
    const struct sockaddr_in *four = message->msg_name;
    record->family = 4;
    memcpy(record->address, &four->sin_addr, 4);
  } else {
    record->family = 6;
    record->scope = from->sin6_scope_id;
    memcpy(record->address, &from->sin6_addr, 16);
  }
  record->port = ntohs(from->sin6_port);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)message, c)) {
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int segment;
      memcpy(&segment, CMSG_DATA(c), sizeof segment);
      if (segment > 0 && (uint32_t)segment < length) record->segment_bytes = (uint32_t)segment;
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec at;
      memcpy(&at, CMSG_DATA(c), sizeof at);
      int64_t age = now - micros(&at);
      // The clock may have been set meanwhile; then the age is unknown, which is 0.
      record->age_micros = age < 0 || age > AGE_MICROS_MAX ? 0 : (uint32_t)age;
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
      memcpy(&s->drops, CMSG_DATA(c), sizeof s->drops);
    }
  }
}

// Takes what waits into at most so many slots, by one system call.
static int take(struct udp_socket *s, uint8_t *slab, size_t slot_bytes, size_t count,
                struct udp_record *records, int64_t *now) {
  struct mmsghdr messages[UDP_CALL_MAX];
  struct iovec parts[UDP_CALL_MAX];
  struct sockaddr_in6 from[UDP_CALL_MAX];
  _Alignas(struct cmsghdr) char control[UDP_CALL_MAX][128];
  for (size_t i = 0; i < count; i++) {
    parts[i] = (struct iovec){slab + i * slot_bytes, slot_bytes};
    memset(&from[i], 0, sizeof from[i]);
    messages[i] = (struct mmsghdr){
        .msg_hdr = {.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i],
                    .msg_iovlen = 1, .msg_control = control[i],
                    .msg_controllen = sizeof control[i]}};
  }
  int got;
  do got = recvmmsg(s->fd, messages, (unsigned)count, MSG_DONTWAIT, NULL);
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : failed();
  struct timespec clock;
  clock_gettime(CLOCK_REALTIME, &clock);
  *now = micros(&clock);
  for (int i = 0; i < got; i++) {
    // One that was too long for its slot was cut: nobody wants half a datagram.
    bool cut = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    describe(s, &messages[i].msg_hdr, cut ? 0 : messages[i].msg_len, *now, &records[i]);
  }
  return got;
}

int udp_receive(struct udp_socket *s, uint8_t *slab, size_t slab_bytes, size_t slot_bytes,
                struct udp_record *records, size_t record_count) {
  if (slot_bytes == 0) return -EINVAL;
  size_t room = slab_bytes / slot_bytes;
  if (room > record_count) room = record_count;
  if (room > UDP_MESSAGES_MAX) room = UDP_MESSAGES_MAX;
  if (room == 0) return -EINVAL;
  size_t count = 0, bytes = 0;
  for (int64_t before = 0; count < room && bytes < UDP_ENOUGH_BYTES;) {
    const size_t most = room - count < UDP_CALL_MAX ? room - count : UDP_CALL_MAX;
    int64_t now;
    const int got = take(s, slab + count * slot_bytes, slot_bytes, most, records + count, &now);
    if (got <= 0) return count > 0 ? (int)count : got;
    // Ages are those at the end; a clock that is set meanwhile tells nothing.
    const int64_t later = now - before;
    if (later > 0 && later < AGE_MICROS_MAX)
      for (size_t i = 0; i < count; i++) records[i].age_micros += (uint32_t)later;
    before = now;
    for (int i = 0; i < got; i++) bytes += records[count + (size_t)i].length_bytes;
    count += (size_t)got;
    if ((size_t)got < most) break;
  }
  return (int)count;
}
