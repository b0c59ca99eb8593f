"""Content codings for tests: what Python's standard library lacks comes from the libraries that the server is linked with."""
import ctypes
import gzip
import zlib

MOST = 1 << 24


def compress_brotli(data):
    library = ctypes.CDLL("libbrotlienc.so.1")
    library.BrotliEncoderMaxCompressedSize.restype = ctypes.c_size_t
    library.BrotliEncoderMaxCompressedSize.argtypes = [ctypes.c_size_t]
    size = ctypes.c_size_t(library.BrotliEncoderMaxCompressedSize(len(data)))
    out = ctypes.create_string_buffer(size.value)
    assert library.BrotliEncoderCompress(5, 22, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out)
    return out.raw[:size.value]


def compress_zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    room = library.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    out = ctypes.create_string_buffer(room)
    size = library.ZSTD_compress(out, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), 3)
    return out.raw[:size]


def decompress_brotli(data):
    library = ctypes.CDLL("libbrotlidec.so.1")
    library.BrotliDecoderCreateInstance.restype = ctypes.c_void_p
    state = ctypes.c_void_p(library.BrotliDecoderCreateInstance(None, None, None))
    source, out = ctypes.create_string_buffer(data, len(data)), ctypes.create_string_buffer(MOST)
    left, room = ctypes.c_size_t(len(data)), ctypes.c_size_t(MOST)
    outcome = library.BrotliDecoderDecompressStream(state, ctypes.byref(left), ctypes.byref(ctypes.c_void_p(ctypes.addressof(source))), ctypes.byref(room),
                                                    ctypes.byref(ctypes.c_void_p(ctypes.addressof(out))), None)
    library.BrotliDecoderDestroyInstance(state)
    assert outcome in (1, 2), outcome # done, or more is needed
    return out.raw[:MOST - room.value], outcome == 1 and left.value == 0


class Buffer(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


def decompress_zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_createDStream.restype = ctypes.c_void_p
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    state = ctypes.c_void_p(library.ZSTD_createDStream())
    source, out = ctypes.create_string_buffer(data, len(data)), ctypes.create_string_buffer(MOST)
    input, output = Buffer(ctypes.addressof(source), len(data), 0), Buffer(ctypes.addressof(out), MOST, 0)
    left = 1
    while input.at < input.size:
        left = library.ZSTD_decompressStream(state, ctypes.byref(output), ctypes.byref(input))
        assert not library.ZSTD_isError(ctypes.c_size_t(left))
    library.ZSTD_freeDStream(state)
    return out.raw[:output.at], left == 0


def decompress_gzip(data):
    stream = zlib.decompressobj(31)
    return stream.decompress(data), stream.eof and not stream.unused_data


# Of the data so far: what it holds, and whether it is whole.
DECOMPRESS = {"gzip": decompress_gzip, "br": decompress_brotli, "zstd": decompress_zstd}
COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": compress_brotli, "zstd": compress_zstd}
