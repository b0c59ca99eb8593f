/*
 * Model file -> struct model. Everything is checked before anything points into the file: magic, version, size, checksum, the
 * bounds of every tensor, and its shape against what the meta data say. The file stays mapped, read-only.
 */
#include "model.h"
#include "product.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    FORMAT_VERSION = 1,
    FORMAT_OLDEST = 1,
    TENSOR_NAME_BYTES = 40,
    TENSOR_ALIGNMENT = 64,
    VOCABULARY_MAX = 1 << 20,
    HIDDEN_MAX = 4096
};

static const char magic[8] = {'d', 'u', 'i', 'd', 'e', 'r', '\r', '\n'};

struct file_header { /* little endian; 64 bytes */
    char magic[8];
    uint32_t version;
    uint32_t tensor_count;
    uint64_t file_bytes;
    uint64_t checksum; /* XXH3, 64 bits, of all bytes behind this header */
    uint8_t reserved[32];
};

struct file_tensor { /* 72 bytes */
    char name[TENSOR_NAME_BYTES];
    uint32_t item_bytes, rows, columns, reserved;
    uint64_t offset, bytes;
};

_Static_assert(sizeof(struct file_header) == 64, "header of 64 bytes");
_Static_assert(sizeof(struct file_tensor) == 72, "table entries of 72 bytes");

struct loader {
    struct model *model;
    const struct file_tensor *tensors;
    uint32_t tensor_count;
    duider_error *error;
    bool failed;
};

/* ---- the file ---- */

static duider_status map_file(const char *path, struct model *model, duider_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(error, DUIDER_IO, 0, "model %s: %s", path, strerror(errno));
    struct stat status;
    duider_status result = DUIDER_OK;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        result = fail(error, DUIDER_IO, 0, "model %s: not a regular file", path);
    } else if ((size_t)status.st_size < sizeof(struct file_header)) {
        result = fail(error, DUIDER_BAD_MODEL, 0, "model %s: not a model file: only %lld bytes", path, (long long)status.st_size);
    } else {
        void *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (file == MAP_FAILED) {
            result = fail(error, DUIDER_IO, 0, "model %s: %s", path, strerror(errno));
        } else {
            model->file = file;
            model->file_bytes = (size_t)status.st_size;
        }
    }
    close(descriptor);
    return result;
}

static duider_status check_file(const char *path, struct loader *loader)
{
    struct model *model = loader->model;
    struct file_header header;
    memcpy(&header, model->file, sizeof header);
    if (memcmp(header.magic, magic, sizeof magic) != 0)
        return fail(loader->error, DUIDER_BAD_MODEL, 0, "model %s: not a duider model (wrong magic)", path);
    if (header.version < FORMAT_OLDEST || header.version > FORMAT_VERSION)
        return fail(loader->error, DUIDER_MODEL_VERSION, 0, "model %s: format version %u, this library reads %d to %d", path,
                    header.version, FORMAT_OLDEST, FORMAT_VERSION);
    if (header.file_bytes != model->file_bytes)
        return fail(loader->error, DUIDER_BAD_MODEL, model->file_bytes, "model %s: cut off: %zu of %llu bytes", path, model->file_bytes,
                    (unsigned long long)header.file_bytes);
    size_t table_bytes, table_end;
    if (!size_multiply(header.tensor_count, sizeof(struct file_tensor), &table_bytes) ||
        !size_add(sizeof header, table_bytes, &table_end) || table_end > model->file_bytes)
        return fail(loader->error, DUIDER_BAD_MODEL, sizeof header, "model %s: damaged: the table is too long", path);
    if (XXH3_64bits(model->file + sizeof header, model->file_bytes - sizeof header) != header.checksum)
        return fail(loader->error, DUIDER_BAD_MODEL, 0, "model %s: damaged: wrong checksum", path);
    loader->tensors = (const struct file_tensor *)(const void *)(model->file + sizeof header);
    loader->tensor_count = header.tensor_count;
    for (uint32_t i = 0; i < header.tensor_count; i++) {
        const struct file_tensor *t = &loader->tensors[i];
        uint64_t end, expected = (uint64_t)t->rows * t->columns;
        if (memchr(t->name, 0, sizeof t->name) == NULL || t->offset % TENSOR_ALIGNMENT != 0 ||
            __builtin_add_overflow(t->offset, t->bytes, &end) || end > model->file_bytes || t->offset < table_end ||
            __builtin_mul_overflow(expected, (uint64_t)t->item_bytes, &expected) || expected != t->bytes)
            return fail(loader->error, DUIDER_BAD_MODEL, sizeof header + i * sizeof *t, "model %s: damaged: bad tensor %u", path, i);
    }
    model->info.file_bytes = model->file_bytes;
    model->info.checksum = header.checksum;
    return DUIDER_OK;
}

/* The tensor's data; where it is missing or of another shape the loader fails. rows 0: any number, written to *rows_found. */
static const void *tensor(struct loader *loader, const char *name, size_t item_bytes, size_t rows, size_t columns, size_t *rows_found)
{
    for (uint32_t i = 0; i < loader->tensor_count && !loader->failed; i++) {
        const struct file_tensor *t = &loader->tensors[i];
        if (strcmp(t->name, name) != 0)
            continue;
        if (t->item_bytes != item_bytes || t->columns != columns || (rows ? t->rows != rows : t->rows == 0))
            break;
        if (rows_found)
            *rows_found = t->rows;
        return loader->model->file + t->offset;
    }
    if (!loader->failed)
        fail(loader->error, DUIDER_BAD_MODEL, 0, "model: tensor %s is missing or of a wrong shape", name);
    loader->failed = true;
    return NULL;
}

/* ---- meta data ---- */

static size_t meta_number(struct loader *loader, const json_t *meta, const char *name, size_t least, size_t most)
{
    const json_t *value = json_object_get(meta, name);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < (json_int_t)least || number > (json_int_t)most) {
        if (!loader->failed)
            fail(loader->error, DUIDER_BAD_MODEL, 0, "model: \"%s\" is missing or out of range", name);
        loader->failed = true;
        return least;
    }
    return (size_t)number;
}

static const char *meta_string(struct loader *loader, const json_t *meta, const char *name, char **room)
{
    const char *value = json_string_value(json_object_get(meta, name));
    if (!value) {
        if (!loader->failed)
            fail(loader->error, DUIDER_BAD_MODEL, 0, "model: \"%s\" is missing", name);
        loader->failed = true;
        return "";
    }
    const char *copy = *room;
    size_t bytes = strlen(value) + 1;
    memcpy(*room, value, bytes);
    *room += bytes;
    return copy;
}

static const struct {
    const char *name;
    const char *labels;
} head_labels[HEAD_COUNT] = {
    [HEAD_NAMES] = {"names", "O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-EVENT I-EVENT B-WORK I-WORK B-NORP I-NORP B-MISC I-MISC"},
    [HEAD_QUOTES] = {"quotes", "O B-direct C-direct I-direct B-indirect C-indirect I-indirect B-mixed C-mixed I-mixed"},
    [HEAD_ROLES] = {"roles", "O B I"},
    [HEAD_CUES] = {"cues", "O B I"},
    [HEAD_SPEAKERS] = {"speakers", "O B I"},
    [HEAD_SENTENCE] = {"sentence", "negative neutral positive"},
    [HEAD_TARGET] = {"target", "negative neutral positive"},
    [HEAD_LANGUAGE] = {"language", "nl en de"},
};

/* The label sets must be the ones that this library decodes. */
static void read_heads(struct loader *loader, const json_t *meta)
{
    struct model *model = loader->model;
    const json_t *heads = json_object_get(meta, "labels"), *temperatures = json_object_get(meta, "temperatures");
    for (size_t h = 0; h < HEAD_COUNT && !loader->failed; h++) {
        const char *labels = json_string_value(json_object_get(heads, head_labels[h].name));
        if (!labels || strcmp(labels, head_labels[h].labels) != 0) {
            fail(loader->error, DUIDER_BAD_MODEL, 0, "model: head \"%s\" has other labels than this library reads", head_labels[h].name);
            loader->failed = true;
            return;
        }
        model->head_first[h] = model->label_count;
        model->head_size[h] = 1;
        for (const char *c = labels; *c; c++)
            model->head_size[h] += *c == ' ';
        model->label_count += model->head_size[h];
        double temperature = json_number_value(json_object_get(temperatures, head_labels[h].name));
        model->calibration[h] = temperature > 0.01 && temperature < 100.0 ? (float)temperature : 1.0f;
    }
}

/* Optional: without it confidences leave the library as the network has them. */
static void read_confidence(struct loader *loader, const json_t *meta)
{
    static const char *const names[CONFIDENCE_COUNT] = {
        [CONFIDENCE_MENTION] = "mention", [CONFIDENCE_QUOTE] = "quote", [CONFIDENCE_SPEAKER] = "speaker"};
    const json_t *all = json_object_get(meta, "confidence");
    bool good = !all || json_is_object(all);
    for (size_t i = 0; i < CONFIDENCE_COUNT; i++) {
        struct platt *platt = &loader->model->confidence[i];
        const json_t *pair = json_object_get(all, names[i]);
        const json_t *slope = json_array_get(pair, 0), *shift = json_array_get(pair, 1);
        *platt = (struct platt){1.0, 0.0};
        if (!pair)
            continue;
        *platt = (struct platt){json_number_value(slope), json_number_value(shift)};
        good = good && json_array_size(pair) == 2 && json_is_number(slope) && json_is_number(shift) && isfinite(platt->slope) &&
               platt->slope > 0.0 && isfinite(platt->shift);
    }
    if (!good && !loader->failed)
        fail(loader->error, DUIDER_BAD_MODEL, 0, "model: \"confidence\" is no object of [slope above 0, shift]");
    loader->failed |= !good;
}

static duider_status read_meta(struct loader *loader)
{
    struct model *model = loader->model;
    size_t bytes = 0;
    const char *text = tensor(loader, "meta", 1, 0, 1, &bytes);
    if (!text)
        return DUIDER_BAD_MODEL;
    json_t *meta = json_loadb(text, bytes, 0, NULL);
    if (!json_is_object(meta)) {
        json_decref(meta);
        return fail(loader->error, DUIDER_BAD_MODEL, 0, "model: the meta data are no JSON object");
    }
    model->meta_strings = malloc(bytes);
    if (!model->meta_strings) {
        json_decref(meta);
        return fail_memory(loader->error);
    }
    char *room = model->meta_strings;
    model->info.name = meta_string(loader, meta, "name", &room);
    model->info.created = meta_string(loader, meta, "created", &room);
    model->info.languages = meta_string(loader, meta, "languages", &room);
    model->layer_count = meta_number(loader, meta, "layers", 1, LAYERS_MAX);
    model->hidden = meta_number(loader, meta, "hidden", 32, HIDDEN_MAX);
    model->heads = meta_number(loader, meta, "heads", 1, HIDDEN_MAX);
    model->ffn = meta_number(loader, meta, "ffn", 32, 4 * HIDDEN_MAX);
    model->positions = meta_number(loader, meta, "positions", 32, 1 << 16);
    model->vocabulary = meta_number(loader, meta, "vocabulary", PIECE_FIRST + 1, VOCABULARY_MAX);
    model->window = meta_number(loader, meta, "window", 32, model->positions);
    model->overlap = meta_number(loader, meta, "overlap", 0, model->window / 2);
    model->pointer_size = meta_number(loader, meta, "pointer_size", 1, HIDDEN_MAX);
    model->epsilon = (float)json_number_value(json_object_get(meta, "epsilon"));
    read_heads(loader, meta);
    read_confidence(loader, meta);
    json_decref(meta);
    if (!loader->failed && (model->hidden % model->heads != 0 || !(model->epsilon > 0.0f))) {
        fail(loader->error, DUIDER_BAD_MODEL, 0, "model: impossible sizes");
        loader->failed = true;
    }
    model->info.layers = (uint32_t)model->layer_count;
    model->info.hidden = (uint32_t)model->hidden;
    model->info.vocabulary = (uint32_t)model->vocabulary;
    model->info.window_tokens = (uint32_t)model->window;
    return loader->failed ? DUIDER_BAD_MODEL : DUIDER_OK;
}

/* ---- tensors ---- */

static struct quantised read_quantised(struct loader *loader, size_t layer, const char *part, size_t out, size_t in)
{
    char name[TENSOR_NAME_BYTES];
    struct quantised matrix = {.out = out, .in = in};
    snprintf(name, sizeof name, "layer.%zu.%s.weight", layer, part);
    matrix.weight = tensor(loader, name, 1, out, in, NULL);
    snprintf(name, sizeof name, "layer.%zu.%s.scale", layer, part);
    matrix.scale = tensor(loader, name, 4, out, 1, NULL);
    snprintf(name, sizeof name, "layer.%zu.%s.bias", layer, part);
    matrix.bias = tensor(loader, name, 4, out, 1, NULL);
    return matrix;
}

static struct norm read_norm(struct loader *loader, size_t layer, const char *part, size_t width)
{
    char name[TENSOR_NAME_BYTES];
    struct norm norm;
    snprintf(name, sizeof name, "layer.%zu.%s.weight", layer, part);
    norm.weight = tensor(loader, name, 4, width, 1, NULL);
    snprintf(name, sizeof name, "layer.%zu.%s.bias", layer, part);
    norm.bias = tensor(loader, name, 4, width, 1, NULL);
    return norm;
}

/* The tokenizer trusts the offsets and the charsmap after this. */
static bool check_tokenizer(const struct model *model, size_t blob_bytes)
{
    if (model->piece_offsets[0] != 0 || model->piece_offsets[model->vocabulary] != blob_bytes)
        return false;
    for (size_t i = 0; i < model->vocabulary; i++)
        if (model->piece_offsets[i] > model->piece_offsets[i + 1] || !isfinite(model->piece_scores[i]))
            return false;
    return model->charsmap_bytes > 0 && model->charsmap_strings[model->charsmap_bytes - 1] == 0;
}

static void read_tokenizer(struct loader *loader)
{
    struct model *model = loader->model;
    size_t blob_bytes = 0, charsmap_bytes = 0;
    model->piece_bytes = tensor(loader, "pieces.bytes", 1, 0, 1, &blob_bytes);
    model->piece_offsets = tensor(loader, "pieces.offsets", 4, model->vocabulary + 1, 1, NULL);
    model->piece_scores = tensor(loader, "pieces.scores", 4, model->vocabulary, 1, NULL);
    model->charsmap_trie = tensor(loader, "charsmap.trie", 4, 0, 1, &model->charsmap_units);
    model->charsmap_strings = tensor(loader, "charsmap.strings", 1, 0, 1, &charsmap_bytes);
    model->charsmap_bytes = charsmap_bytes;
    if (loader->failed)
        return;
    if (!check_tokenizer(model, blob_bytes)) {
        fail(loader->error, DUIDER_BAD_MODEL, 0, "model: the pieces are damaged");
        loader->failed = true;
        return;
    }
    float least = 0.0f;
    for (size_t i = PIECE_FIRST; i < model->vocabulary; i++)
        least = fminf(least, model->piece_scores[i]);
    model->unknown_score = least - 10.0f; /* as sentencepiece has it */
}

static void read_tensors(struct loader *loader)
{
    struct model *model = loader->model;
    size_t hidden = model->hidden, pointers = POINTER_COUNT * model->pointer_size;
    model->word_embedding = tensor(loader, "embedding.words", 1, model->vocabulary, hidden, NULL);
    model->word_embedding_scale = tensor(loader, "embedding.words.scale", 4, model->vocabulary, 1, NULL);
    model->position_embedding = tensor(loader, "embedding.positions", 4, model->positions, hidden, NULL);
    model->embedding_norm.weight = tensor(loader, "embedding.norm.weight", 4, hidden, 1, NULL);
    model->embedding_norm.bias = tensor(loader, "embedding.norm.bias", 4, hidden, 1, NULL);
    for (size_t i = 0; i < model->layer_count && !loader->failed; i++) {
        struct layer *layer = &model->layers[i];
        layer->qkv = read_quantised(loader, i, "qkv", 3 * hidden, hidden);
        layer->attention_out = read_quantised(loader, i, "attention_out", hidden, hidden);
        layer->attention_norm = read_norm(loader, i, "attention_norm", hidden);
        layer->ffn_in = read_quantised(loader, i, "ffn_in", model->ffn, hidden);
        layer->ffn_out = read_quantised(loader, i, "ffn_out", hidden, model->ffn);
        layer->ffn_norm = read_norm(loader, i, "ffn_norm", hidden);
    }
    model->head_weight = tensor(loader, "heads.weight", 4, model->label_count, hidden, NULL);
    model->head_bias = tensor(loader, "heads.bias", 4, model->label_count, 1, NULL);
    model->pointer_first = tensor(loader, "pointer.first.weight", 4, pointers, hidden, NULL);
    model->pointer_first_bias = tensor(loader, "pointer.first.bias", 4, pointers, 1, NULL);
    model->pointer_last = tensor(loader, "pointer.last.weight", 4, pointers, hidden, NULL);
    model->pointer_key = tensor(loader, "pointer.key.weight", 4, pointers, hidden, NULL);
}

/* ---- public ---- */

struct duider_model {
    struct model model;
};

const struct model *model_of(const duider_model *model)
{
    return &model->model;
}

duider_status duider_model_open(const char *path, duider_model **model, duider_error *error)
{
    if (!path || !model)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "duider_model_open: path and model must not be NULL");
    duider_model *opened = calloc(1, sizeof *opened);
    if (!opened)
        return fail_memory(error);
    struct loader loader = {.model = &opened->model, .error = error};
    duider_status status = map_file(path, loader.model, error);
    if (status == DUIDER_OK)
        status = check_file(path, &loader);
    if (status == DUIDER_OK)
        status = read_meta(&loader);
    if (status == DUIDER_OK) {
        read_tokenizer(&loader);
        read_tensors(&loader);
        status = loader.failed ? DUIDER_BAD_MODEL : product_pack(loader.model, error);
    }
    if (status != DUIDER_OK) {
        duider_model_close(opened);
        return status;
    }
    opened->model.info.processor = product_processor();
    *model = opened;
    return DUIDER_OK;
}

const duider_model_info *duider_model_get_info(const duider_model *model)
{
    return &model->model.info;
}

const char *duider_model_default_path(void)
{
    const char *named = getenv("DUIDER_MODEL");
    if (named && *named)
        return named;
    return access(DUIDER_INSTALLED_MODEL, R_OK) == 0 ? DUIDER_INSTALLED_MODEL : "models/duider.model";
}

void duider_model_close(duider_model *model)
{
    if (!model)
        return;
    product_release(&model->model);
    if (model->model.file)
        munmap((void *)(uintptr_t)model->model.file, model->model.file_bytes);
    free(model->model.meta_strings);
    free(model);
}
