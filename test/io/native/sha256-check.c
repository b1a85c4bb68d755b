// Checks sha256.c against published digests and, at every length around its blocks, against itself:
// both sides alike, whatever lies on the other; built with the sanitizers by the test beside it. Prints
// the first thing that is wrong and ends with 1.

#include "../../../src/io/native/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS = 300 };

static void hex(const uint8_t *digest, char out[2 * SHA256_BYTES + 1]) {
  for (int i = 0; i < SHA256_BYTES; i++) sprintf(out + 2 * i, "%02x", digest[i]);
}

// FIPS 180-4's examples and NIST's vector of no bytes.
static const struct {
  const char *text, *digest;
} known[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnop"
     "qrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void fail(const char *what, size_t length) {
  fprintf(stderr, "%s, %zu bytes\n", what, length);
  exit(1);
}

int main(void) {
  uint8_t out[3][SHA256_BYTES];
  if (!sha256_is_paired()) return puts("ok") < 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char is[2 * SHA256_BYTES + 1];
    const size_t length = strlen(known[i].text);
    const uint8_t *text = (const uint8_t *)known[i].text;
    sha256_both((const uint8_t *const[]){text, text}, length, (uint8_t *const[]){out[0], out[1]});
    hex(out[0], is);
    if (strcmp(is, known[i].digest) != 0) fail("not what is published", length);
    if (memcmp(out[0], out[1], SHA256_BYTES) != 0) fail("the sides differ", length);
  }
  // Pieces in memory of their own, so that the sanitizer sees one byte too much.
  for (size_t length = 0; length < LENGTHS; length++) {
    uint8_t *a = malloc(length + !length), *b = malloc(length + !length);
    for (size_t i = 0; i < length; i++) a[i] = (uint8_t)rand(), b[i] = (uint8_t)rand();
    sha256_both((const uint8_t *const[]){a, b}, length, (uint8_t *const[]){out[0], out[1]});
    sha256_both((const uint8_t *const[]){b, b}, length, (uint8_t *const[]){out[2], out[2]});
    if (memcmp(out[1], out[2], SHA256_BYTES) != 0) fail("the sides touch", length);
    if (length > 0 && memcmp(out[0], out[1], SHA256_BYTES) == 0) fail("the sides are one", length);
    free(a);
    free(b);
  }
  return puts("ok") < 0;
}
