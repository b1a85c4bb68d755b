// The raw limit of a lab: datagrams of one size by multicast as fast as the machine makes them, nothing
// placed, checked or written. `raw send ADDRESS GROUP PORT MIB` blasts from the interface with that
// address; `raw receive ADDRESS GROUP PORT` prints the bytes it got and the seconds between the first
// and the last of them, once nothing has come for a while.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SEGMENT_BYTES = 1472, SEGMENTS = 44, SLOTS = 16, SLOT_BYTES = 65536, QUIET_MILLIS = 1500 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

static int blast(int fd, struct in_addr from, struct sockaddr_in to, double mebibytes) {
  static char batch[SEGMENTS * SEGMENT_BYTES];
  const int segment = SEGMENT_BYTES;
  if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from) != 0) return fail("interface");
  if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) return fail("segments");
  for (double left = mebibytes * 1048576; left > 0; left -= sizeof batch)
    if (sendto(fd, batch, sizeof batch, 0, (struct sockaddr *)&to, sizeof to) < 0) return fail("send");
  return 0;
}

static int hear(int fd, struct in_addr at, struct sockaddr_in group) {
  static char slab[SLOTS][SLOT_BYTES];
  struct iovec parts[SLOTS];
  struct mmsghdr messages[SLOTS];
  const int yes = 1, buffer = 16 << 20;
  const struct ip_mreq membership = {group.sin_addr, at};
  const struct timeval quiet = {QUIET_MILLIS / 1000, QUIET_MILLIS % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  setsockopt(fd, IPPROTO_UDP, UDP_GRO, &yes, sizeof yes);
  if (bind(fd, (struct sockaddr *)&group, sizeof group) != 0) return fail("bind");
  if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) return fail("join");
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < SLOTS; i++) {
    parts[i] = (struct iovec){slab[i], SLOT_BYTES};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  double bytes = 0, first = 0, last = 0;
  for (;;) {
    const int got = recvmmsg(fd, messages, SLOTS, MSG_WAITFORONE, NULL);
    if (got <= 0 && bytes > 0) break;
    if (got <= 0) continue;
    last = now();
    if (bytes == 0) {
      first = last;
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet);
    }
    for (int i = 0; i < got; i++) bytes += messages[i].msg_len;
  }
  printf("%.0f %.6f\n", bytes, last - first);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 5) return fputs("raw send|receive ADDRESS GROUP PORT [MIB]\n", stderr), 2;
  struct in_addr own;
  struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[4]))};
  if (!inet_aton(arguments[2], &own) || !inet_aton(arguments[3], &group.sin_addr)) return fail("address");
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return fail("socket");
  if (strcmp(arguments[1], "send") == 0) return blast(fd, own, group, count > 5 ? atof(arguments[5]) : 1);
  return hear(fd, own, group);
}
