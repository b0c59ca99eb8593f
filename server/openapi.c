/* openapi.yaml, as it stands in the repository when the server is built. */
#include "server.h"

__asm__(".section .rodata\n"
        ".global openapi_text\n"
        ".hidden openapi_text\n"
        ".global openapi_text_end\n"
        ".hidden openapi_text_end\n"
        "openapi_text:\n"
        ".incbin \"openapi.yaml\"\n"
        "openapi_text_end:\n"
        ".byte 0\n"
        ".previous\n");
