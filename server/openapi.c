/* openapi.yaml, as it stands in the repository when the server is built. */
#include "server.h"

__asm__(".section .rodata\n"
        ".global openapi_text\n"
        ".hidden openapi_text\n"
        ".global openapi_text_bytes\n"
        ".hidden openapi_text_bytes\n"
        "openapi_text:\n"
        ".incbin \"openapi.yaml\"\n"
        "1:\n"
        ".balign 8\n"
        "openapi_text_bytes:\n"
        ".quad 1b - openapi_text\n"
        ".previous\n");
