/* model.c: a model file that is missing, cut off, of another kind or damaged gets an error that says so. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 64, TABLE_ENTRY_BYTES = 72 };

static duider_status open_bytes(const char *bytes, size_t count, duider_error *error)
{
    duider_model *model;
    duider_status status = support_open_bytes(bytes, count, &model, error);
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
    assert_int_equal(info->file_bytes, support_model_size);
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
        assert_int_equal(open_bytes(support_model_bytes, lengths[i], &error), DUIDER_BAD_MODEL);
    assert_int_equal(open_bytes(support_model_bytes, support_model_size - 1, &error), DUIDER_BAD_MODEL);
    assert_non_null(strstr(error.message, "cut off"));
}

static void another_magic_is_no_model(void **state)
{
    (void)state;
    duider_error error;
    char byte = support_model_bytes[0];
    support_model_bytes[0] = 'x';
    assert_int_equal(open_bytes(support_model_bytes, support_model_size, &error), DUIDER_BAD_MODEL);
    assert_non_null(strstr(error.message, "not a duider model"));
    support_model_bytes[0] = byte;
}

static void another_version_is_named(void **state)
{
    (void)state;
    duider_error error;
    support_model_bytes[8]++;
    assert_int_equal(open_bytes(support_model_bytes, support_model_size, &error), DUIDER_MODEL_VERSION);
    support_model_bytes[8]--;
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    duider_error error;
    for (int i = 1; i <= 4; i++) {
        size_t at = support_model_size / 5 * (size_t)i;
        support_model_bytes[at] ^= 4;
        assert_int_equal(open_bytes(support_model_bytes, support_model_size, &error), DUIDER_BAD_MODEL);
        support_model_bytes[at] ^= 4;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_says_what_it_is),    cmocka_unit_test(a_missing_file_is_io),   cmocka_unit_test(cut_off_files_are_refused),
        cmocka_unit_test(another_magic_is_no_model),    cmocka_unit_test(another_version_is_named), cmocka_unit_test(a_flipped_bit_is_found),
    };
    return cmocka_run_group_tests(tests, support_read_model, support_free_model);
}
