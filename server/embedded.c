/* Files of the repository as they stand when the server is built: openapi.yaml, the JSON that the Makefile makes of it, the demo page. */
#include "server.h"

#define EMBED(name, file)                 \
    __asm__(".section .rodata\n"          \
            ".global " name "\n"          \
            ".hidden " name "\n"          \
            ".global " name "_bytes\n"    \
            ".hidden " name "_bytes\n"    \
            name ":\n"                    \
            ".incbin \"" file "\"\n"      \
            "1:\n"                        \
            ".balign 8\n"                 \
            name "_bytes:\n"              \
            ".quad 1b - " name "\n"       \
            ".previous\n")

EMBED("openapi_yaml", "openapi.yaml");
EMBED("openapi_json", DUIDER_OPENAPI_JSON);
EMBED("demo_html", "web/index.html");
EMBED("demo_css", "web/demo.css");
EMBED("demo_js", "web/demo.js");
