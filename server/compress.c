/* Answers -> a content coding. Levels that cost less than a hundredth of what it took to annotate the article: the gain of higher ones is a few per cent. */
#include "server.h"

#include <brotli/encode.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
    GZIP_LEVEL = 4,
    BROTLI_QUALITY = 4,
    ZSTD_LEVEL = 3,
    WINDOW_BITS = 18, /* of brotli and zstd: 256 kB, more than most answers have */
    ZLIB_BITS = 15 + 16, /* with a gzip header */
    ZLIB_MEMORY = 8
};

struct compressor {
    enum coding coding;
    z_stream zlib;
    BrotliEncoderState *brotli;
    ZSTD_CStream *zstd;
};

struct piece {
    const unsigned char *input;
    size_t input_bytes;
    unsigned char *output;
    size_t room;
    bool last;
};

static bool set_zstd(ZSTD_CStream *zstd)
{
    return zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, WINDOW_BITS));
}

static bool set_brotli(BrotliEncoderState *brotli)
{
    return brotli && BrotliEncoderSetParameter(brotli, BROTLI_PARAM_QUALITY, BROTLI_QUALITY) && BrotliEncoderSetParameter(brotli, BROTLI_PARAM_LGWIN, WINDOW_BITS);
}

struct compressor *compressor_new(enum coding coding)
{
    struct compressor *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->coding = coding;
    bool ready = false;
    if (coding == CODING_BR)
        ready = set_brotli(made->brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL));
    else if (coding == CODING_ZSTD)
        ready = set_zstd(made->zstd = ZSTD_createCStream());
    else
        ready = deflateInit2(&made->zlib, GZIP_LEVEL, Z_DEFLATED, ZLIB_BITS, ZLIB_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
    if (ready)
        return made;
    compressor_free(made);
    return NULL;
}

void compressor_free(struct compressor *compressor)
{
    if (!compressor)
        return;
    deflateEnd(&compressor->zlib); /* of one that was not begun: does nothing */
    if (compressor->brotli)
        BrotliEncoderDestroyInstance(compressor->brotli);
    ZSTD_freeCStream(compressor->zstd);
    free(compressor);
}

/* Each step takes input and makes output; *more: some is still to be made. False: no memory. */

static bool step_gzip(z_stream *zlib, struct piece *piece, bool *more)
{
    zlib->next_in = (unsigned char *)(uintptr_t)piece->input;
    zlib->avail_in = (unsigned)piece->input_bytes;
    zlib->next_out = piece->output;
    zlib->avail_out = (unsigned)piece->room;
    int outcome = deflate(zlib, piece->last ? Z_FINISH : Z_SYNC_FLUSH);
    piece->input = zlib->next_in;
    piece->input_bytes = zlib->avail_in;
    piece->output = zlib->next_out;
    piece->room = zlib->avail_out;
    *more = piece->last ? outcome != Z_STREAM_END : zlib->avail_out == 0;
    return outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR; /* the last: there was nothing more */
}

static bool step_brotli(BrotliEncoderState *brotli, struct piece *piece, bool *more)
{
    BrotliEncoderOperation operation = piece->last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    if (!BrotliEncoderCompressStream(brotli, operation, &piece->input_bytes, &piece->input, &piece->room, &piece->output, NULL))
        return false;
    *more = piece->input_bytes || BrotliEncoderHasMoreOutput(brotli);
    return true;
}

static bool step_zstd(ZSTD_CStream *zstd, struct piece *piece, bool *more)
{
    ZSTD_inBuffer input = {piece->input, piece->input_bytes, 0};
    ZSTD_outBuffer output = {piece->output, piece->room, 0};
    size_t left = ZSTD_compressStream2(zstd, &output, &input, piece->last ? ZSTD_e_end : ZSTD_e_flush);
    piece->input += input.pos;
    piece->input_bytes -= input.pos;
    piece->output += output.pos;
    piece->room -= output.pos;
    *more = left != 0;
    return !ZSTD_isError(left);
}

char *compressor_run(struct compressor *compressor, const char *data, size_t bytes, bool last, size_t *coded_bytes)
{
    size_t capacity = bytes / 3 + 64, count = 0;
    unsigned char *coded = bytes < UINT_MAX ? malloc(capacity) : NULL; /* zlib counts in unsigned */
    struct piece piece = {.input = (const unsigned char *)data, .input_bytes = bytes, .last = last};
    for (bool more = true; coded && more;) {
        if (capacity - count < 64) {
            unsigned char *larger = realloc(coded, capacity *= 2);
            if (!larger)
                break;
            coded = larger;
        }
        piece.output = coded + count;
        piece.room = capacity - count;
        bool fine = compressor->coding == CODING_BR     ? step_brotli(compressor->brotli, &piece, &more)
                    : compressor->coding == CODING_ZSTD ? step_zstd(compressor->zstd, &piece, &more)
                                                        : step_gzip(&compressor->zlib, &piece, &more);
        if (!fine)
            break;
        count = capacity - piece.room;
        if (!more) {
            *coded_bytes = count;
            return (char *)coded;
        }
    }
    free(coded);
    return NULL;
}
