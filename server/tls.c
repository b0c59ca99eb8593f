/*
 * The certificate and key of TLS. GnuTLS asks for them in every handshake and gets copies of its own, so that a new pair can take over at any time. It passes no
 * payload: the pair in use is the one that this file knows.
 */
#include "server.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

enum { CHAIN_LENGTH_MAX = 16 };

#define VERSIONS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls {
    gnutls_datum_t chain, key; /* PEM */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tls *in_use;

static void release(gnutls_pcert_st *chain, unsigned length, gnutls_privkey_t key)
{
    for (unsigned i = 0; i < length; i++)
        gnutls_pcert_deinit(&chain[i]);
    gnutls_free(chain);
    if (key)
        gnutls_privkey_deinit(key);
}

/* Copies of the pair; 0, or an error of GnuTLS. */
static int copy(const struct tls *tls, gnutls_pcert_st **chain, unsigned *length, gnutls_privkey_t *key)
{
    *length = CHAIN_LENGTH_MAX;
    *key = NULL;
    *chain = gnutls_calloc(CHAIN_LENGTH_MAX, sizeof **chain);
    int error = *chain ? gnutls_pcert_list_import_x509_raw(*chain, length, &tls->chain, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED) : GNUTLS_E_MEMORY_ERROR;
    if (error < 0)
        *length = 0;
    else
        error = gnutls_privkey_init(key);
    if (!error)
        error = gnutls_privkey_import_x509_raw(*key, &tls->key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (error)
        release(*chain, *length, *key);
    return error;
}

/* ---- files ---- */

static bool load(const char *path, gnutls_datum_t *text)
{
    const int error = gnutls_load_file(path, text);
    if (error)
        log_message(LOG_ERROR, "%s: %s", path, gnutls_strerror(error));
    return !error;
}

static bool fit(const struct tls *tls, const char *chain_path, const char *key_path)
{
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_pcert_st *chain;
    gnutls_privkey_t key;
    unsigned length;
    int error = gnutls_certificate_allocate_credentials(&credentials);
    if (!error)
        error = gnutls_certificate_set_x509_key_mem(credentials, &tls->chain, &tls->key, GNUTLS_X509_FMT_PEM); /* compares them */
    if (error >= 0 && (error = copy(tls, &chain, &length, &key)) == 0)
        release(chain, length, key);
    if (credentials)
        gnutls_certificate_free_credentials(credentials);
    if (error)
        log_message(LOG_ERROR, "%s, %s: %s", chain_path, key_path, gnutls_strerror(error));
    return !error;
}

struct tls *tls_read(const char *chain_path, const char *key_path)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        log_message(LOG_ERROR, "no memory");
    if (tls && load(chain_path, &tls->chain) && load(key_path, &tls->key) && fit(tls, chain_path, key_path))
        return tls;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    gnutls_free(tls->chain.data);
    if (tls->key.data)
        gnutls_memset(tls->key.data, 0, tls->key.size);
    gnutls_free(tls->key.data);
    free(tls);
}

/* ---- handshakes ---- */

void tls_use(struct tls *tls)
{
    pthread_mutex_lock(&lock);
    struct tls *before = in_use;
    in_use = tls;
    pthread_mutex_unlock(&lock);
    tls_free(before);
}

static int retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *wanted, gnutls_pcert_st **chain, unsigned *length, gnutls_ocsp_data_st **ocsp,
                    unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags)
{
    (void)session, (void)wanted;
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    pthread_mutex_lock(&lock);
    const int error = copy(in_use, chain, length, key);
    pthread_mutex_unlock(&lock);
    return error ? -1 : 0;
}

const struct MHD_OptionItem *tls_options(void)
{
    static const struct MHD_OptionItem options[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)retrieve}, {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)VERSIONS}, {MHD_OPTION_END, 0, NULL}};
    return in_use ? options : options + 2;
}

/* ---- the other side ---- */

bool tls_ask(int connection, const char *question, size_t bytes, char *answer, size_t answer_bytes, unsigned timeout_ms)
{
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_session_t session = NULL;
    size_t got = 0;
    if (gnutls_certificate_allocate_credentials(&credentials) == 0 && gnutls_init(&session, GNUTLS_CLIENT) == 0 && gnutls_set_default_priority(session) == 0 &&
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials) == 0) {
        int error;
        gnutls_transport_set_int(session, connection);
        gnutls_handshake_set_timeout(session, timeout_ms);
        gnutls_record_set_timeout(session, timeout_ms);
        while ((error = gnutls_handshake(session)) < 0 && !gnutls_error_is_fatal(error))
            continue;
        bool going = error == 0 && gnutls_record_send(session, question, bytes) == (ssize_t)bytes;
        while (going && got < answer_bytes) {
            const ssize_t read = gnutls_record_recv(session, answer + got, answer_bytes - got);
            going = read > 0;
            got += going ? (size_t)read : 0;
        }
    }
    if (session)
        gnutls_deinit(session);
    if (credentials)
        gnutls_certificate_free_credentials(credentials);
    return got == answer_bytes;
}
