"""libduider.so from Python: a model shared by threads, a session a thread. A call lets other threads run."""
from __future__ import annotations

import ctypes


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("byte_offset", ctypes.c_size_t), ("message", ctypes.c_char * 256)]


class Library:
    def __init__(self, build: str, model: str):
        self.c = ctypes.CDLL(f"{build}/libduider.so")
        for name in ("duider_model_close", "duider_session_free", "duider_result_free", "duider_string_free"):
            getattr(self.c, name).restype = None
        self.c.duider_version.restype = ctypes.c_char_p
        self.version = self.c.duider_version().decode()
        self.model = ctypes.c_void_p()
        self.call("duider_model_open", model.encode(), ctypes.byref(self.model))

    def call(self, function: str, *arguments: object) -> None:
        error = Error()
        if getattr(self.c, function)(*arguments, ctypes.byref(error)):
            raise RuntimeError(error.message.decode())


class Session:
    def __init__(self, library: Library):
        self.library = library
        self.session = ctypes.c_void_p()
        library.call("duider_session_new", library.model, ctypes.byref(self.session))

    def annotate(self, text: bytes) -> bytes:
        """-> the result as JSON."""
        result, json, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
        self.library.call("duider_annotate", self.session, text, ctypes.c_size_t(len(text)), None, ctypes.byref(result))
        self.library.call("duider_result_json", result, None, 0, ctypes.byref(json), ctypes.byref(size))
        out = ctypes.string_at(json, size.value)
        self.library.c.duider_string_free(json)
        self.library.c.duider_result_free(result)
        return out
