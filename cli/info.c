/* `duider info`: the library's version and what the model says about itself. */
#include "cli.h"

#include <inttypes.h>

duider_model *open_model(const struct options *options)
{
    duider_model *model = NULL;
    duider_error error;
    if (duider_model_open(options->model_path, &model, &error) != DUIDER_OK) {
        fprintf(stderr, "duider: %s\n", error.message);
        return NULL;
    }
    return model;
}

enum exit_code run_info(int argc, char **argv)
{
    struct options options;
    enum parsed parsed = options_parse_info(argc, argv, &options);
    if (parsed != PARSED_RUN)
        return parsed == PARSED_HELP ? EXIT_FINE : EXIT_USAGE;
    duider_model *model = open_model(&options);
    if (!model)
        return EXIT_MODEL;
    const duider_model_info *info = duider_model_get_info(model);
    printf("duider      %s\n", duider_version());
    printf("model       %s (%s)\n", info->name, info->created);
    printf("file        %s\n", options.model_path);
    printf("size        %.1f MB\n", (double)info->file_bytes / 1e6);
    printf("checksum    %016" PRIx64 " (XXH3)\n", info->checksum);
    printf("languages   %s\n", info->languages);
    printf("encoder     %" PRIu32 " layers of %" PRIu32 ", %" PRIu32 " pieces, windows of %" PRIu32 "\n", info->layers, info->hidden, info->vocabulary,
           info->window_tokens);
    printf("processor   %s\n", info->processor);
    duider_model_close(model);
    return EXIT_FINE; /* main writes it out */
}
