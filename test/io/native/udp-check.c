// Checks udp.c on loopback, built with the sanitizers by the test beside it: what is sent comes back
// cut as it was sent, with and without segmentation by the kernel, and whatever arrives stays inside
// the slab. Prints the first thing that is wrong and ends with 1.

#include "../../../src/io/native/udp.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(holds)                                                  \
  do {                                                                \
    if (!(holds)) {                                                   \
      fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #holds, errno); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

enum { SLOT = 65536, SLOTS = 8, GUARD = 64, FULL = 1398 };

static uint8_t slab[SLOT * SLOTS + GUARD];
static struct udp_record records[UDP_MESSAGES_MAX];

static int wait_and_receive(struct udp_socket *s, size_t slab_bytes, size_t slot) {
  struct pollfd readable = {.fd = s->fd, .events = POLLIN};
  CHECK(poll(&readable, 1, 2000) == 1);
  return udp_receive(s, slab, slab_bytes, slot, records, UDP_MESSAGES_MAX);
}

static void pair(struct udp_socket *in, struct udp_socket *out, const char *group) {
  unsigned lo = if_nametoindex("lo");
  CHECK(udp_open(in, 4, group, 0, 0, true) == 0);
  CHECK(udp_membership(in, true, group, lo, "") == 0);
  CHECK(udp_open(out, 4, "127.0.0.1", 0, 0, false) == 0);
  CHECK(udp_option(out, UDP_OPTION_INTERFACE, (int)lo) == (int)lo);
  CHECK(udp_option(out, UDP_OPTION_LOOPBACK, 1) == 1);
  CHECK(udp_option(out, UDP_OPTION_TTL, 3) == 3);
  CHECK(udp_target(out, group, 0, (uint16_t)udp_port(in)) == 0);
}

// `count` full datagrams and a short one arrive as such.
static void round_trip(bool gso, int count) {
  struct udp_socket in, out;
  pair(&in, &out, "224.0.67.70");
  udp_option(&out, UDP_OPTION_GSO, gso);
  size_t length = (size_t)count * FULL + 100;
  uint8_t *bytes = malloc(length);
  for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)(i * 7 + i / FULL);
  size_t sent = 0, heard = 0;
  while (heard < length) {
    if (sent < length && sent - heard < 40 * FULL) {
      size_t part = length - sent < 20 * FULL ? length - sent : 20 * FULL;
      CHECK(udp_send(&out, bytes + sent, part, FULL) == (long)part);
      sent += part;
    }
    int got = wait_and_receive(&in, SLOT * SLOTS, SLOT);
    CHECK(got > 0);
    for (int i = 0; i < got; i++) {
      CHECK(records[i].family == 4 && records[i].address[0] == 127 && records[i].address[3] == 1);
      CHECK(records[i].age_micros < 5000000);
      CHECK(records[i].segment_bytes > 0 && records[i].segment_bytes <= records[i].length_bytes);
      CHECK(records[i].segment_bytes == FULL || heard + records[i].length_bytes == length);
      CHECK(memcmp(slab + (size_t)i * SLOT, bytes + heard, records[i].length_bytes) == 0);
      heard += records[i].length_bytes;
    }
  }
  CHECK(heard == length);
  CHECK(udp_receive(&in, slab, SLOT * SLOTS, SLOT, records, UDP_MESSAGES_MAX) == 0);
  free(bytes);
  udp_close(&in);
  udp_close(&out);
}

// What is longer than its slot is cut and counts for nothing; nothing is written beyond.
static void too_long(void) {
  struct udp_socket in, out;
  static const uint8_t bytes[9000] = {1};
  pair(&in, &out, "224.0.67.71");
  memset(slab, 0xee, sizeof slab);
  int sent = 0;
  for (size_t length = 1; length < sizeof bytes; length = length * 3 + 1, sent++)
    CHECK(udp_send(&out, bytes, length, length) == (long)length);
  for (int heard = 0; heard < sent;) {
    int got = wait_and_receive(&in, 3 * 100 + 50, 100);
    CHECK(got > 0 && got <= 3);
    for (int i = 0; i < got; i++) CHECK(records[i].length_bytes <= 100);
    heard += got;
  }
  for (size_t i = 300; i < sizeof slab; i++) CHECK(slab[i] == 0xee);
  udp_close(&in);
  udp_close(&out);
}

static uint64_t luck = 88172645463325252u;

// xorshift64 by Marsaglia: the same run each time.
static size_t below(size_t bound) {
  luck ^= luck << 13;
  luck ^= luck >> 7;
  luck ^= luck << 17;
  return (size_t)(luck % bound);
}

// Whatever is sent, however it is cut and however small the slots are: what is said to have come lies
// in its slot, and nothing else is touched. Slots end where the memory does, so that the sanitizer
// sees a byte beyond.
static void hostile(void) {
  struct udp_socket in, out;
  static uint8_t bytes[65536];
  static const size_t sizes[] = {1, 2, 31, 32, 33, 100, FULL, 1500, 9000, 65507};
  pair(&in, &out, "224.0.67.74");
  udp_option(&in, UDP_OPTION_RECEIVE_BUFFER, 4 << 20);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(1 + i % 255);
  for (int round = 0; round < 3000; round++) {
    udp_option(&out, UDP_OPTION_GSO, below(2) == 0);
    for (size_t i = 1 + below(6); i > 0; i--) {
      size_t most = sizes[below(sizeof sizes / sizeof *sizes)];
      size_t length = 1 + below(most);
      size_t segment = below(3) == 0 ? length : 1 + below(length);
      // A super-datagram of the smallest pieces is thousands of packets.
      if (length / segment > 64) segment = length / 64 + 1;
      (void)udp_send(&out, bytes, length, segment);
    }
    for (int got = 1; got > 0;) {
      size_t slot = 1 + below(sizes[below(sizeof sizes / sizeof *sizes)]);
      size_t slots = 1 + below(8);
      size_t most = below(4) == 0 ? 1 + below(slots) : UDP_MESSAGES_MAX;
      // A last piece that is no whole slot is not used.
      size_t slab_bytes = slot * slots + below(slot);
      uint8_t *small = malloc(slab_bytes);
      struct udp_record *said = malloc(most * sizeof *said);
      memset(small, 0, slab_bytes);
      got = udp_receive(&in, small, slab_bytes, slot, said, most);
      CHECK(got >= 0 && (size_t)got <= slots && (size_t)got <= most);
      for (size_t i = 0; i < (size_t)got; i++) {
        CHECK(said[i].length_bytes <= slot);
        CHECK(said[i].segment_bytes <= said[i].length_bytes);
        CHECK(said[i].segment_bytes > 0 || said[i].length_bytes == 0);
        if (said[i].length_bytes > 0) CHECK(small[i * slot + said[i].length_bytes - 1] != 0);
      }
      for (size_t i = (size_t)got * slot; i < slab_bytes; i++) CHECK(small[i] == 0);
      free(small);
      free(said);
    }
  }
  udp_close(&in);
  udp_close(&out);
}

// More than one system call takes come by one `udp_receive`, in their order.
static void many(void) {
  enum { COUNT = 2 * UDP_CALL_MAX + 22, SMALL = 256, LENGTH = 100 };
  static uint8_t slots[UDP_MESSAGES_MAX * SMALL];
  struct udp_socket in, out;
  pair(&in, &out, "224.0.67.73");
  udp_option(&in, UDP_OPTION_RECEIVE_BUFFER, 4 << 20);
  for (int i = 0; i < COUNT; i++) {
    uint8_t bytes[LENGTH] = {(uint8_t)i};
    CHECK(udp_send(&out, bytes, LENGTH, LENGTH) == LENGTH);
  }
  // On a busy machine what loops back may take a moment.
  poll(NULL, 0, 20);
  CHECK(udp_receive(&in, slots, sizeof slots, SMALL, records, UDP_MESSAGES_MAX) == COUNT);
  for (int i = 0; i < COUNT; i++) {
    CHECK(records[i].length_bytes == LENGTH && slots[i * SMALL] == (uint8_t)i);
    // Ages are those at the end: the first to come waited longest.
    if (i > 0) CHECK(records[i - 1].age_micros + 1 >= records[i].age_micros);
  }
  udp_close(&in);
  udp_close(&out);
}

static void drops(void) {
  struct udp_socket in, out;
  static const uint8_t bytes[FULL] = {2};
  pair(&in, &out, "224.0.67.72");
  CHECK(udp_option(&in, UDP_OPTION_RECEIVE_BUFFER, 8192) > 0);
  for (int i = 0; i < 200; i++) CHECK(udp_send(&out, bytes, FULL, FULL) == FULL);
  while (udp_receive(&in, slab, SLOT * SLOTS, SLOT, records, UDP_MESSAGES_MAX) > 0) {}
  // The count rides on the next datagram.
  CHECK(udp_send(&out, bytes, FULL, FULL) == FULL);
  CHECK(wait_and_receive(&in, SLOT * SLOTS, SLOT) == 1);
  CHECK(in.drops > 100 && in.drops < 200);
  udp_close(&in);
  udp_close(&out);
}

// Only what the named source sends is heard.
static void one_source(void) {
  struct udp_socket in, out;
  unsigned lo = if_nametoindex("lo");
  static const uint8_t bytes[10] = {3};
  pair(&in, &out, "232.0.67.73");
  CHECK(udp_membership(&in, false, "232.0.67.73", lo, "") == 0);
  CHECK(udp_membership(&in, true, "232.0.67.73", lo, "127.0.0.2") == 0);
  CHECK(udp_send(&out, bytes, 10, 10) == 10);
  udp_close(&out);
  CHECK(udp_open(&out, 4, "127.0.0.2", 0, 0, false) == 0);
  CHECK(udp_option(&out, UDP_OPTION_INTERFACE, (int)lo) == (int)lo);
  CHECK(udp_target(&out, "232.0.67.73", 0, (uint16_t)udp_port(&in)) == 0);
  CHECK(udp_send(&out, bytes, 10, 10) == 10);
  CHECK(wait_and_receive(&in, SLOT * SLOTS, SLOT) == 1);
  CHECK(records[0].address[3] == 2);
  CHECK(udp_membership(&in, false, "232.0.67.73", lo, "127.0.0.2") == 0);
  udp_close(&in);
  udp_close(&out);
}

static void refused(void) {
  struct udp_socket s;
  CHECK(udp_open(&s, 4, "not an address", 0, 0, false) == -EINVAL);
  CHECK(udp_open(&s, 6, "::g", 0, 0, false) == -EINVAL);
  CHECK(udp_open(&s, 4, "203.0.113.1", 0, 0, false) == -EADDRNOTAVAIL);
  CHECK(udp_open(&s, 4, "", 0, 0, false) == 0);
  CHECK(udp_membership(&s, true, "10.0.0.1", 0, "") < 0);
  CHECK(udp_membership(&s, true, "nonsense", 0, "") == -EINVAL);
  CHECK(udp_target(&s, "1.2.3", 0, 1) == -EINVAL);
  CHECK(udp_send(&s, slab, 10, 0) == -EINVAL);
  CHECK(udp_send(&s, slab, 10, 70000) == -EINVAL);
  CHECK(udp_receive(&s, slab, 10, 0, records, 1) == -EINVAL);
  CHECK(udp_receive(&s, slab, 10, 11, records, 1) == -EINVAL);
  CHECK(udp_receive(&s, slab, 10, 5, records, 0) == -EINVAL);
  CHECK(udp_option(&s, UDP_OPTION_DSCP, 46) == 46);
  CHECK(udp_option(&s, (enum udp_option)99, 1) == -EINVAL);
  udp_close(&s);
  CHECK(udp_send(&s, slab, 10, 10) == -EBADF);
}

int main(void) {
  refused();
  round_trip(true, 500);
  round_trip(false, 500);
  too_long();
  hostile();
  many();
  drops();
  one_source();
  puts("ok");
  return 0;
}
