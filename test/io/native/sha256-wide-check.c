// Checks sha256-wide.c against published digests in every lane and, at every length around its blocks,
// each lane against the same piece alone, whatever lies in the others; built with the sanitizers by the
// test beside it. Prints the first thing that is wrong and ends with 1.

#include "../../../src/io/native/sha256-wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS = 300, LANES = SHA256_WIDE_LANES };

// FIPS 180-4's examples and NIST's vector of no bytes.
static const struct {
  const char *text, *digest;
} known[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void fail(const char *what, size_t length) {
  fprintf(stderr, "%s, %zu bytes\n", what, length);
  exit(1);
}

int main(void) {
  if (!sha256_is_wide()) return puts("ok") < 0;
  uint8_t all[LANES][SHA256_BYTES], alone[SHA256_BYTES];
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const size_t length = strlen(known[i].text);
    const uint8_t *pieces[LANES];
    for (int lane = 0; lane < LANES; lane++) pieces[lane] = (const uint8_t *)known[i].text;
    sha256_wide(pieces, LANES, length, all[0]);
    for (int lane = 0; lane < LANES; lane++) {
      char is[2 * SHA256_BYTES + 1];
      for (int at = 0; at < SHA256_BYTES; at++) sprintf(is + 2 * at, "%02x", all[lane][at]);
      if (strcmp(is, known[i].digest) != 0) fail("not what is published", length);
    }
  }
  // Pieces and digests in memory of their own, so that the sanitizer sees one byte too much.
  for (size_t length = 0; length < LENGTHS; length++) {
    const size_t count = 1 + length % LANES;
    const uint8_t *pieces[LANES];
    for (size_t lane = 0; lane < count; lane++) {
      uint8_t *piece = malloc(length + !length);
      for (size_t at = 0; at < length; at++) piece[at] = (uint8_t)rand();
      pieces[lane] = piece;
    }
    uint8_t *digests = malloc(count * SHA256_BYTES);
    sha256_wide(pieces, count, length, digests);
    for (size_t lane = 0; lane < count; lane++) {
      sha256_wide(pieces + lane, 1, length, alone);
      if (memcmp(digests + SHA256_BYTES * lane, alone, SHA256_BYTES) != 0) fail("the lanes touch", length);
      if (length > 7 && lane > 0 && memcmp(digests, alone, SHA256_BYTES) == 0) fail("the lanes are one", length);
    }
    for (size_t lane = 0; lane < count; lane++) free((void *)pieces[lane]);
    free(digests);
  }
  return puts("ok") < 0;
}
