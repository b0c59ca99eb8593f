"""Writes the model file that lib/model.c maps (docs/model-format.md): 8-bit matrices with a scale a row, tokenizer, labels.

usage: export.py --prepared DIR --checkpoint checkpoint.pt|model.pt --name NAME [--calibration calibration.json] --out duider.model
"""
from __future__ import annotations

import argparse
import json
import struct
from datetime import date
from pathlib import Path

import numpy as np
import torch
import xxhash

import labels
from dataset import WINDOW
from model import WEIGHT_LEVELS, depth_of
from tokenizer import PieceTokenizer

MAGIC, VERSION, ALIGNMENT = b"duider\r\n", 1, 64
OVERLAP = 48  # pieces that neighbouring windows share
SPECIAL = 4


def quantise(matrix: np.ndarray, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """[out, in] -> int8 [out, in] and a scale a row: value = scale * q."""
    scale = np.abs(matrix).max(axis=1) / levels
    scale[scale == 0.0] = 1.0
    return np.clip(np.rint(matrix / scale[:, None]), -levels, levels).astype(np.int8), scale.astype(np.float32)


def piece_order(vocab: list[tuple[str, float]]) -> list[int]:
    """Special pieces first, the others sorted by their bytes: lib/tokenizer.c searches them so."""
    return list(range(SPECIAL)) + sorted(range(SPECIAL, len(vocab)), key=lambda i: vocab[i][0].encode("utf-8"))


def split_charsmap(blob: bytes) -> tuple[np.ndarray, np.ndarray]:
    (trie_bytes,) = struct.unpack_from("<I", blob)
    trie = np.frombuffer(blob, np.uint32, trie_bytes // 4, 4)
    strings = blob[4 + trie_bytes :]
    return trie, np.frombuffer(strings if strings.endswith(b"\0") else strings + b"\0", np.uint8)


def tensors_of(state: dict[str, torch.Tensor], tokenizer: PieceTokenizer, calibration: dict[str, dict], name: str) -> dict[str, np.ndarray]:
    state = {k: v.float().numpy() for k, v in state.items()}
    order = piece_order(tokenizer.vocab)
    layers = depth_of(state)
    hidden = state["encoder.norm.weight"].shape[0]
    pieces = [tokenizer.vocab[i][0].encode("utf-8") for i in order]
    pieces[:SPECIAL] = [b""] * SPECIAL
    trie, strings = split_charsmap(tokenizer.charsmap)
    meta = {
        "name": name, "created": date.today().isoformat(), "languages": ",".join(labels.LANGUAGES),
        "layers": layers, "hidden": hidden, "heads": 12, "ffn": state["encoder.layers.0.ffn_in.weight"].shape[0],
        "positions": state["encoder.positions.weight"].shape[0], "epsilon": 1e-12, "vocabulary": len(order),
        "window": WINDOW, "overlap": OVERLAP, "pointer_size": labels.POINTER_SIZE,
        "labels": {head: " ".join(names) for head, names in labels.HEADS.items()},
        "temperatures": calibration["temperatures"], "confidence": calibration["confidence"],
    }
    words, word_scale = quantise(state["encoder.words.weight"][order], 127)
    out = {
        "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8),
        "pieces.bytes": np.frombuffer(b"".join(pieces), np.uint8),
        "pieces.offsets": np.cumsum([0] + [len(p) for p in pieces]).astype(np.uint32),
        "pieces.scores": np.array([tokenizer.vocab[i][1] for i in order], np.float32),
        "charsmap.trie": trie,
        "charsmap.strings": strings,
        "embedding.words": words,
        "embedding.words.scale": word_scale,
        "embedding.positions": state["encoder.positions.weight"],
        "embedding.norm.weight": state["encoder.norm.weight"],
        "embedding.norm.bias": state["encoder.norm.bias"],
        "heads.weight": state["heads.weight"],
        "heads.bias": state["heads.bias"],
        "pointer.first.weight": state["pointer_first.weight"],
        "pointer.first.bias": state["pointer_first.bias"],
        "pointer.last.weight": state["pointer_last.weight"],
        "pointer.key.weight": state["pointer_key.weight"],
    }
    for i in range(layers):
        source, target = f"encoder.layers.{i}.", f"layer.{i}."
        for part in ("qkv", "attention_out", "ffn_in", "ffn_out"):
            out[f"{target}{part}.weight"], out[f"{target}{part}.scale"] = quantise(state[f"{source}{part}.weight"], WEIGHT_LEVELS)
            out[f"{target}{part}.bias"] = state[f"{source}{part}.bias"]
        for part in ("attention_norm", "ffn_norm"):
            out[f"{target}{part}.weight"] = state[f"{source}{part}.weight"]
            out[f"{target}{part}.bias"] = state[f"{source}{part}.bias"]
    return out


def write(path: Path, tensors: dict[str, np.ndarray]) -> int:
    def padded(size: int) -> int:
        return -(-size // ALIGNMENT) * ALIGNMENT

    offset = padded(64 + 72 * len(tensors))
    table, body = b"", []
    for name, array in tensors.items():
        data = np.ascontiguousarray(array).tobytes()
        rows, columns = array.shape if array.ndim == 2 else (array.shape[0], 1)
        table += struct.pack("<40sIIIIQQ", name.encode(), array.dtype.itemsize, rows, columns, 0, offset, len(data))
        body.append(data + b"\0" * (padded(len(data)) - len(data)))
        offset += padded(len(data))
    rest = table + b"\0" * (padded(64 + len(table)) - 64 - len(table)) + b"".join(body)
    header = struct.pack("<8sIIQQ32x", MAGIC, VERSION, len(tensors), 64 + len(rest), xxhash.xxh3_64_intdigest(rest))
    temporary = path.with_suffix(".new")
    temporary.write_bytes(header + rest)
    temporary.replace(path)
    return 64 + len(rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="what calibrate.py wrote; without it confidences are raw")
    parser.add_argument("--name", default="duider-nl-8")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    state = torch.load(args.checkpoint, weights_only=True)["model"]
    calibration = json.loads(args.calibration.read_text()) if args.calibration else {"temperatures": {}, "confidence": {}}
    size = write(args.out, tensors_of(state, PieceTokenizer(args.prepared / "tokenizer.json"), calibration, args.name))
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
