"""The model file in Python: tensors, meta data, and the windows of pieces of a text. Needs numpy, tokenizers, regex."""
from __future__ import annotations

import base64
import json
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
from dataset import Builder, cut_windows  # noqa: E402
from tokenizer import BOS, EOS, PieceTokenizer  # noqa: E402

TYPES = {1: np.int8, 4: np.float32}


def read_tensors(path: str) -> dict[str, np.ndarray]:
    raw = Path(path).read_bytes()
    count = struct.unpack_from("<8sII", raw)[2]
    out = {}
    for i in range(count):
        name, item, rows, columns, _, offset, size = struct.unpack_from("<40sIIIIQQ", raw, 64 + 72 * i)
        out[name.rstrip(b"\0").decode()] = np.frombuffer(raw, TYPES[item], size // item, offset).reshape(rows, columns)
    return out


def read_meta(tensors: dict[str, np.ndarray]) -> dict:
    return json.loads(tensors["meta"].tobytes())


def read_tokenizer(t: dict[str, np.ndarray]) -> PieceTokenizer:
    blob, offsets = t["pieces.bytes"].tobytes(), t["pieces.offsets"].view(np.uint32).ravel()
    pieces = [blob[a:b].decode() for a, b in zip(offsets, offsets[1:])]
    pieces[:4] = ["<s>", "<pad>", "</s>", "<unk>"]
    trie = t["charsmap.trie"].tobytes()
    charsmap = struct.pack("<I", len(trie)) + trie + t["charsmap.strings"].tobytes()
    data = {"normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()},
            "model": {"vocab": [[p, float(s)] for p, s in zip(pieces, t["pieces.scores"].ravel())]}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(data, file)
        file.flush()
        return PieceTokenizer(Path(file.name))


class Cutter:
    """Text -> windows of piece ids [1, pieces], without overlap: at most as many as the library encodes."""

    def __init__(self, tensors: dict[str, np.ndarray]):
        self.builder, self.size = Builder(read_tokenizer(tensors)), read_meta(tensors)["window"]

    def windows(self, text: str) -> list[np.ndarray]:
        document = self.builder.build({"id": "", "lang": "nl", "text": text})
        out = []
        for window in cut_windows(document, self.size, None):
            pieces = [p for word in document.words[window.first : window.end] for p in word.pieces]
            out.append(np.array([[BOS, *pieces, EOS]], dtype=np.int64))
        return out
