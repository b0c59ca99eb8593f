/* model.c: a model file that is missing, cut off, of another kind or damaged gets an error that says so. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 64, TABLE_ENTRY_BYTES = 72 };

static char *model_bytes;
static size_t model_size;

static int read_model(void **state)
{
    (void)state;
    model_bytes = support_read(support_model_path(), &model_size);
    return 0;
}

static int free_model(void **state)
{
    (void)state;
    free(model_bytes);
    return 0;
}

static duider_status open_bytes(const char *bytes, size_t count, duider_error *error)
{
    char path[] = "/tmp/duider-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    for (size_t written = 0; written < count;) {
        ssize_t now = write(file, bytes + written, count - written);
        assert_true(now > 0);
        written += (size_t)now;
    }
    close(file);
    duider_model *model = NULL;
    *error = (duider_error){0};
    duider_status status = duider_model_open(path, &model, error);
    unlink(path);
    if (status == DUIDER_OK)
        duider_model_close(model);
    else
        assert_null(model);
    assert_int_equal(error->status, status);
    assert_null(strchr(error->message, '\n'));
    return status;
}

static void the_model_says_what_it_is(void **state)
{
    (void)state;
    duider_model *model = NULL;
    assert_int_equal(duider_model_open(support_model_path(), &model, NULL), DUIDER_OK);
    const duider_model_info *info = duider_model_get_info(model);
    assert_string_equal(info->languages, "nl,en,de");
    assert_int_equal(info->file_bytes, model_size);
    assert_true(info->layers > 0 && info->hidden > 0 && info->vocabulary > 1000);
    duider_model_close(model);
    duider_model_close(NULL);
}

static void a_missing_file_is_io(void **state)
{
    (void)state;
    duider_model *model = NULL;
    duider_error error = {0};
    assert_int_equal(duider_model_open("/nonexistent/duider.model", &model, &error), DUIDER_IO);
    assert_non_null(strstr(error.message, "/nonexistent/duider.model"));
    assert_int_equal(duider_model_open("/tmp", &model, &error), DUIDER_IO);
    assert_int_equal(duider_model_open(NULL, &model, &error), DUIDER_BAD_ARGUMENT);
}

static void cut_off_files_are_refused(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 8, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1, HEADER_BYTES + TABLE_ENTRY_BYTES - 1, 4096, 100000};
    duider_error error;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(open_bytes(model_bytes, lengths[i], &error), DUIDER_BAD_MODEL);
    assert_int_equal(open_bytes(model_bytes, model_size - 1, &error), DUIDER_BAD_MODEL);
    assert_non_null(strstr(error.message, "cut off"));
}

static void another_magic_is_no_model(void **state)
{
    (void)state;
    duider_error error;
    char byte = model_bytes[0];
    model_bytes[0] = 'x';
    assert_int_equal(open_bytes(model_bytes, model_size, &error), DUIDER_BAD_MODEL);
    assert_non_null(strstr(error.message, "not a duider model"));
    model_bytes[0] = byte;
}

static void another_version_is_named(void **state)
{
    (void)state;
    duider_error error;
    model_bytes[8]++;
    assert_int_equal(open_bytes(model_bytes, model_size, &error), DUIDER_MODEL_VERSION);
    model_bytes[8]--;
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    duider_error error;
    for (int i = 1; i <= 4; i++) {
        size_t at = model_size / 5 * (size_t)i;
        model_bytes[at] ^= 4;
        assert_int_equal(open_bytes(model_bytes, model_size, &error), DUIDER_BAD_MODEL);
        model_bytes[at] ^= 4;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_says_what_it_is),    cmocka_unit_test(a_missing_file_is_io),   cmocka_unit_test(cut_off_files_are_refused),
        cmocka_unit_test(another_magic_is_no_model),    cmocka_unit_test(another_version_is_named), cmocka_unit_test(a_flipped_bit_is_found),
    };
    return cmocka_run_group_tests(tests, read_model, free_model);
}
