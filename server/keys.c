/*
 * API keys. The file has a line a key: "name salt hash", where hash is the HMAC-SHA-256 of the key under the salt, both in hexadecimal; # begins a comment.
 * Keys are 256 random bits, so that one fast hash is enough. The same name may stand twice: an old key and the one that takes its place.
 */
#include "server.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum { SALT_BYTES = 16, SECRET_BYTES = 32, HASH_BYTES = 32, NAME_LENGTH_MAX = 64, TOKEN_LENGTH_MAX = 256, KEYS_MAX = 1000 };

#define KEY_PREFIX "duider_" /* scanners for leaked secrets find it */

struct key {
    const char *name; /* in the file's text */
    unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
};

struct keys {
    char *text;
    size_t count;
    struct key list[KEYS_MAX];
};

static bool hash(const unsigned char *salt, const char *token, unsigned char *out)
{
    return gnutls_hmac_fast(GNUTLS_MAC_SHA256, salt, SALT_BYTES, token, strlen(token), out) == 0;
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return length > 0 && length <= NAME_LENGTH_MAX && !name[length];
}

static bool read_hex(const char *hex, unsigned char *out, size_t bytes)
{
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)hex, hex ? (unsigned)strlen(hex) : 0};
    size_t got = bytes;
    return text.size == bytes * 2 && gnutls_hex_decode(&text, out, &got) == 0 && got == bytes;
}

/* What is wrong with the line; NULL: nothing. */
static const char *read_line(struct keys *keys, char *line)
{
    char *rest = NULL;
    line[strcspn(line, "#\r")] = 0;
    const char *name = strtok_r(line, " \t", &rest);
    if (!name)
        return NULL;
    if (keys->count == KEYS_MAX)
        return "there are too many keys";
    struct key *key = &keys->list[keys->count];
    key->name = name;
    if (!is_name(name) || !read_hex(strtok_r(NULL, " \t", &rest), key->salt, SALT_BYTES) || !read_hex(strtok_r(NULL, " \t", &rest), key->hash, HASH_BYTES) ||
        strtok_r(NULL, " \t", &rest))
        return "a line is \"name salt hash\", as --new-key prints it";
    keys->count++;
    return NULL;
}

struct keys *keys_read(const char *path)
{
    struct keys *keys = calloc(1, sizeof *keys);
    if (!keys) {
        log_message(LOG_ERROR, "no memory");
        return NULL;
    }
    keys->text = config_read_file(path);
    bool fine = keys->text != NULL;
    size_t number = 0;
    for (char *next = keys->text, *line; next && (line = strsep(&next, "\n"));) {
        number++;
        const char *wrong = read_line(keys, line);
        if (!wrong)
            continue;
        log_message(LOG_ERROR, "%s:%zu: %s", path, number, wrong);
        fine = false;
    }
    if (fine)
        return keys;
    keys_free(keys);
    return NULL;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    free(keys->text);
    free(keys);
}

const char *keys_find(const struct keys *keys, const char *token)
{
    const char *name = NULL;
    if (strnlen(token, TOKEN_LENGTH_MAX + 1) > TOKEN_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < keys->count; i++) { /* all of them: the time says nothing of which one fits */
        unsigned char got[HASH_BYTES];
        if (hash(keys->list[i].salt, token, got) && gnutls_memcmp(got, keys->list[i].hash, HASH_BYTES) == 0)
            name = keys->list[i].name;
    }
    return name;
}

bool keys_make(const char *name)
{
    unsigned char secret[SECRET_BYTES], salt[SALT_BYTES], digest[HASH_BYTES];
    char secret_hex[2 * SECRET_BYTES + 1], salt_hex[2 * SALT_BYTES + 1], digest_hex[2 * HASH_BYTES + 1], key[sizeof KEY_PREFIX + sizeof secret_hex];
    if (!is_name(name)) {
        log_message(LOG_ERROR, "a key's name is 1 to 64 of A-Z a-z 0-9 . _ -");
        return false;
    }
    if (gnutls_rnd(GNUTLS_RND_KEY, secret, sizeof secret) || gnutls_rnd(GNUTLS_RND_NONCE, salt, sizeof salt) ||
        gnutls_hex_encode(&(gnutls_datum_t){secret, sizeof secret}, secret_hex, &(size_t){sizeof secret_hex}))
        return false;
    snprintf(key, sizeof key, "%s%s", KEY_PREFIX, secret_hex);
    if (!hash(salt, key, digest) || gnutls_hex_encode(&(gnutls_datum_t){salt, sizeof salt}, salt_hex, &(size_t){sizeof salt_hex}) ||
        gnutls_hex_encode(&(gnutls_datum_t){digest, sizeof digest}, digest_hex, &(size_t){sizeof digest_hex}))
        return false;
    fprintf(stderr, "the key, which is shown this once: %s\nthe line for the file that --keys-file names:\n", key);
    printf("%s %s %s\n", name, salt_hex, digest_hex);
    return true;
}
