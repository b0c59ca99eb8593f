/* Bytes of a content coding -> what they hold, piece by piece. Frames may follow one another, as `cat a.gz b.gz` makes them; other bytes behind the end may not. */
#include "server.h"

#include <brotli/decode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
    OUTPUT_BYTES = 16 * 1024,
    ZLIB_WINDOW_BITS = 15,
    ZLIB_GZIP = 16,       /* to be added to the bits: a gzip header, no other */
    ZSTD_WINDOW_BITS = 23 /* 8 MB, which RFC 9659 says is enough; a frame may ask for 2 GB */
};

struct decompressor {
    enum coding coding;
    z_stream zlib;
    BrotliDecoderState *brotli;
    ZSTD_DStream *zstd;
    bool ended; /* what came so far ends with a frame */
};

struct piece {
    const unsigned char *input;
    size_t input_bytes;
    unsigned char output[OUTPUT_BYTES];
    size_t output_bytes;
};

struct decompressor *decompressor_new(enum coding coding)
{
    struct decompressor *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->coding = coding;
    bool ready = false;
    if (coding == CODING_BR)
        ready = (made->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL)) != NULL;
    else if (coding == CODING_ZSTD)
        ready = (made->zstd = ZSTD_createDStream()) != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(made->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_BITS));
    else
        ready = inflateInit2(&made->zlib, ZLIB_WINDOW_BITS + (coding == CODING_GZIP ? ZLIB_GZIP : 0)) == Z_OK;
    if (ready)
        return made;
    decompressor_free(made);
    return NULL;
}

void decompressor_free(struct decompressor *decompressor)
{
    if (!decompressor)
        return;
    inflateEnd(&decompressor->zlib); /* of one that was not begun: does nothing */
    if (decompressor->brotli)
        BrotliDecoderDestroyInstance(decompressor->brotli);
    ZSTD_freeDStream(decompressor->zstd);
    free(decompressor);
}

/* Each step takes input and makes output, of which it may leave more to be made; false: the bytes are not of the coding. */

static bool step_zlib(struct decompressor *decompressor, struct piece *piece)
{
    z_stream *zlib = &decompressor->zlib;
    if (decompressor->ended && (decompressor->coding != CODING_GZIP || inflateReset(zlib) != Z_OK))
        return false;
    zlib->next_in = (unsigned char *)(uintptr_t)piece->input;
    zlib->avail_in = (unsigned)piece->input_bytes;
    zlib->next_out = piece->output;
    zlib->avail_out = OUTPUT_BYTES;
    int outcome = inflate(zlib, Z_NO_FLUSH);
    piece->input = zlib->next_in;
    piece->input_bytes = zlib->avail_in;
    piece->output_bytes = OUTPUT_BYTES - zlib->avail_out;
    decompressor->ended = outcome == Z_STREAM_END;
    return outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR; /* the last: it needs more */
}

static bool step_brotli(struct decompressor *decompressor, struct piece *piece)
{
    unsigned char *output = piece->output;
    size_t room = OUTPUT_BYTES;
    if (decompressor->ended)
        return false;
    BrotliDecoderResult outcome = BrotliDecoderDecompressStream(decompressor->brotli, &piece->input_bytes, &piece->input, &room, &output, NULL);
    piece->output_bytes = OUTPUT_BYTES - room;
    decompressor->ended = outcome == BROTLI_DECODER_RESULT_SUCCESS;
    return outcome != BROTLI_DECODER_RESULT_ERROR;
}

static bool step_zstd(struct decompressor *decompressor, struct piece *piece)
{
    ZSTD_inBuffer input = {piece->input, piece->input_bytes, 0};
    ZSTD_outBuffer output = {piece->output, OUTPUT_BYTES, 0};
    size_t left = ZSTD_decompressStream(decompressor->zstd, &output, &input);
    piece->input += input.pos;
    piece->input_bytes -= input.pos;
    piece->output_bytes = output.pos;
    decompressor->ended = left == 0;
    return !ZSTD_isError(left);
}

bool decompressor_run(struct decompressor *decompressor, const char *data, size_t bytes, bool (*take)(void *payload, const char *data, size_t bytes), void *payload)
{
    struct piece piece = {.input = (const unsigned char *)data, .input_bytes = bytes};
    do {
        bool fine = decompressor->coding == CODING_BR     ? step_brotli(decompressor, &piece)
                    : decompressor->coding == CODING_ZSTD ? step_zstd(decompressor, &piece)
                                                          : step_zlib(decompressor, &piece);
        if (!fine)
            return false;
        if (piece.output_bytes && !take(payload, (const char *)piece.output, piece.output_bytes))
            return true;
    } while (piece.input_bytes || (piece.output_bytes == OUTPUT_BYTES && !decompressor->ended));
    return true;
}

bool decompressor_is_at_end(const struct decompressor *decompressor)
{
    return decompressor->ended;
}
