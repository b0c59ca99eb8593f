/*
 * Which addresses may be fetched from: public ones alone, so that no client reaches the machine itself, its neighbours or a cloud's metadata through it. All
 * addresses are of 16 bytes here, IPv4 as ::ffff:a.b.c.d; IPv6 is refused but for what is known to be public.
 */
#include "server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, MAPPED_BITS = 96, ITEM_BYTES = 64 };

/* IANA's registries of special addresses. */
static const char not_public[] =
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 "
    "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 2001::/23 2001:db8::/32 3fff::/20";
static const char maybe_public[] = "0.0.0.0/0 2000::/3";
static const char six_to_four[] = "2002::/16", nat64[] = "64:ff9b::/96";

/* "10.0.0.0/8", "::1": one address and how many bits of it count. */
static bool read_item(const char *item, size_t length, unsigned char *address, size_t *bits)
{
    char text[ITEM_BYTES];
    if (length >= sizeof text)
        return false;
    memcpy(text, item, length);
    text[length] = 0;
    char *slash = strchr(text, '/');
    if (slash)
        *slash = 0;
    memset(address, 0, ADDRESS_BYTES);
    memset(address + 10, 0xFF, 2);
    bool four = inet_pton(AF_INET, text, address + 12) == 1;
    if (!four && inet_pton(AF_INET6, text, address) != 1)
        return false;
    size_t most = four ? 32 : 128;
    char *end = NULL;
    unsigned long given = slash ? strtoul(slash + 1, &end, 10) : most;
    if (slash && (!isdigit((unsigned char)slash[1]) || *end))
        return false;
    *bits = given + (four ? MAPPED_BITS : 0);
    return given <= most;
}

static bool is_in(const unsigned char *address, const unsigned char *range, size_t bits)
{
    size_t bytes = bits / 8, rest = bits % 8;
    return memcmp(address, range, bytes) == 0 && (!rest || (address[bytes] ^ range[bytes]) >> (8 - rest) == 0);
}

/* Is the address in one of the list, whose items commas or blanks separate? */
static bool is_listed(const unsigned char *address, const char *list)
{
    for (const char *at = list; *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ", \t"), bits;
        unsigned char range[ADDRESS_BYTES];
        if (length && read_item(at, length, range, &bits) && is_in(address, range, bits))
            return true;
        at += length;
    }
    return false;
}

bool addresses_are_valid(const char *list)
{
    for (const char *at = list; *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ", \t"), bits;
        unsigned char range[ADDRESS_BYTES];
        if (length && !read_item(at, length, range, &bits))
            return false;
        at += length;
    }
    return true;
}

static bool is_public(const unsigned char *address)
{
    unsigned char four[ADDRESS_BYTES] = {[10] = 0xFF, [11] = 0xFF}; /* the IPv4 address that another stands for */
    if (is_listed(address, six_to_four))
        memcpy(four + 12, address + 2, 4);
    else if (is_listed(address, nat64))
        memcpy(four + 12, address + 12, 4);
    else
        return is_listed(address, maybe_public) && !is_listed(address, not_public);
    return !is_listed(four, not_public);
}

bool address_may_be_reached(const struct sockaddr *given, const char *allowed)
{
    unsigned char address[ADDRESS_BYTES] = {[10] = 0xFF, [11] = 0xFF};
    if (given->sa_family == AF_INET)
        memcpy(address + 12, &((const struct sockaddr_in *)(const void *)given)->sin_addr, 4);
    else if (given->sa_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)given)->sin6_addr, ADDRESS_BYTES);
    else
        return false;
    return is_listed(address, allowed) || is_public(address);
}
