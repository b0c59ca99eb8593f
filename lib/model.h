/*
 * What a loaded model holds: the mapped file, its tensors, its label sets. docs/model-format.md describes the file.
 * Matrices are [out][in]; V pieces, P positions, H hidden, F inner width of the feed-forward part, L labels of all heads.
 */
#ifndef DUIDER_MODEL_H
#define DUIDER_MODEL_H

#include "base.h"

enum {
    PIECE_BOS = 0,
    PIECE_PAD = 1,
    PIECE_EOS = 2,
    PIECE_UNKNOWN = 3,
    PIECE_FIRST = 4, /* from here on pieces are sorted by their bytes */
    LAYERS_MAX = 24
};

enum pointer { POINTER_CUE, POINTER_SPEAKER, POINTER_ENTITY, POINTER_COUNT };

/* The heads: one word's logits hold them one after another. */
enum head {
    HEAD_NAMES,    /* O, B-PER, I-PER, ... in the order of duider_entity_type: BIO (Ramshaw and Marcus, 1995) */
    HEAD_QUOTES,   /* O, B-direct, C-direct, I-direct, ...: C begins a further part of the quote before it */
    HEAD_ROLES,    /* O, B, I */
    HEAD_CUES,     /* O, B, I */
    HEAD_SPEAKERS, /* O, B, I */
    HEAD_SENTENCE, /* negative, neutral, positive */
    HEAD_TARGET,   /* negative, neutral, positive */
    HEAD_LANGUAGE, /* nl, en, de */
    HEAD_COUNT
};

/* An int8 matrix with a scale a row (output channel), and its float bias. */
struct quantised {
    const int8_t *weight; /* [out][in] */
    const float *scale;   /* [out] */
    const float *bias;    /* [out] */
    size_t out, in;
};

struct norm {
    const float *weight, *bias; /* [H] */
};

struct layer {
    struct quantised qkv;           /* [3H][H]: queries, keys, values */
    struct quantised attention_out; /* [H][H] */
    struct norm attention_norm;
    struct quantised ffn_in;  /* [F][H] */
    struct quantised ffn_out; /* [H][F] */
    struct norm ffn_norm;
};

/* What a result gives a confidence of. */
enum confidence { CONFIDENCE_MENTION, CONFIDENCE_QUOTE, CONFIDENCE_SPEAKER, CONFIDENCE_COUNT };

struct platt { /* calibrated = 1 / (1 + exp(-(slope * logit(raw) + shift))) (Platt, 1999) */
    double slope, shift;
};

struct product_weights; /* product.c: matrices packed for this processor */

struct model {
    const unsigned char *file;
    size_t file_bytes;
    char *meta_strings; /* what info points into */
    duider_model_info info;

    size_t layer_count, hidden, heads, ffn, positions, vocabulary;
    size_t window, overlap; /* pieces */
    float epsilon;
    size_t label_count;           /* L */
    size_t head_first[HEAD_COUNT]; /* first logit of each head */
    size_t head_size[HEAD_COUNT];
    size_t pointer_size;
    float calibration[HEAD_COUNT]; /* temperature of each head's softmax */
    struct platt confidence[CONFIDENCE_COUNT];

    const char *piece_bytes;       /* all pieces end to end */
    const uint32_t *piece_offsets; /* [V + 1] */
    const float *piece_scores;     /* [V] */
    float unknown_score;           /* of one unknown character */
    const uint32_t *charsmap_trie; /* double array of XLM-R's normaliser */
    size_t charsmap_units;
    const char *charsmap_strings; /* NUL-terminated replacements */
    size_t charsmap_bytes;

    const int8_t *word_embedding;        /* [V][H] */
    const float *word_embedding_scale;   /* [V] */
    const float *position_embedding;     /* [P][H] */
    struct norm embedding_norm;
    struct layer layers[LAYERS_MAX];
    const float *head_weight, *head_bias; /* [L][H], [L] */
    const float *pointer_first, *pointer_first_bias, *pointer_last, *pointer_key; /* [POINTER_COUNT * pointer_size][H] */

    struct product_weights *packed;
};

const struct model *model_of(const duider_model *model);

#endif
