"""Model file -> checkpoint and tokenizer, so that training can go on from a shipped model.

usage: unpack.py --model duider.model --tokenizer FULL.json --out DIR      writes DIR/model.pt and DIR/tokenizer.json

The weights come back as the file has them (8 bits a value); the reverse of export.py.
"""
from __future__ import annotations

import argparse
import json
import struct
from pathlib import Path

import numpy as np
import torch

from export import MAGIC, SPECIAL, VERSION

FLOATS = {"embedding.positions": "encoder.positions.weight", "embedding.norm.weight": "encoder.norm.weight",
          "embedding.norm.bias": "encoder.norm.bias", "heads.weight": "heads.weight", "heads.bias": "heads.bias",
          "pointer.first.weight": "pointer_first.weight", "pointer.first.bias": "pointer_first.bias",
          "pointer.last.weight": "pointer_last.weight", "pointer.key.weight": "pointer_key.weight"}


def read(path: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """-> name -> (bytes, item bytes, rows, columns)."""
    raw = path.read_bytes()
    magic, version, count = struct.unpack_from("<8sII", raw)
    if magic != MAGIC or version != VERSION:
        raise SystemExit(f"{path}: no model file of version {VERSION}")
    out = {}
    for i in range(count):
        name, size, rows, columns, _, offset, length = struct.unpack_from("<40sIIIIQQ", raw, 64 + 72 * i)
        out[name.rstrip(b"\0").decode()] = (raw[offset : offset + length], size, rows, columns)
    return out


def state_of(tensors: dict[str, tuple[bytes, int, int, int]]) -> dict[str, torch.Tensor]:
    def floats(name: str) -> torch.Tensor:
        data, _, rows, columns = tensors[name]
        return torch.from_numpy(np.frombuffer(data, np.float32).reshape((rows, columns) if columns > 1 else (rows,)).copy())

    def matrix(name: str, scale: str) -> torch.Tensor:
        data, _, rows, columns = tensors[name]
        return torch.from_numpy(np.frombuffer(data, np.int8).reshape(rows, columns).astype(np.float32)) * floats(scale)[:, None]

    state = {target: floats(source) for source, target in FLOATS.items()}
    state["encoder.words.weight"] = matrix("embedding.words", "embedding.words.scale")
    for name in tensors:
        if name.startswith("layer."):
            base, kind = name.rsplit(".", 1)
            if kind == "scale":
                state[f"encoder.{base.replace('layer', 'layers')}.weight"] = matrix(f"{base}.weight", name)
            elif f"{base}.scale" not in tensors or kind == "bias":
                state[f"encoder.{name.replace('layer', 'layers')}"] = floats(name)
    return state


def tokenizer_of(tensors: dict[str, tuple[bytes, int, int, int]], full: dict) -> dict:
    ids = {piece: i for i, (piece, _) in enumerate(full["model"]["vocab"])}
    offsets = np.frombuffer(tensors["pieces.offsets"][0], np.uint32)
    pieces = [tensors["pieces.bytes"][0][a:b].decode() for a, b in zip(offsets, offsets[1:])]
    order = list(range(SPECIAL)) + [ids[p] for p in pieces[SPECIAL:]]
    return {"model": {"type": "Unigram", "unk_id": 3, "vocab": [full["model"]["vocab"][i] for i in order]},
            "normalizer": full["normalizer"], "source_ids": order}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    tensors = read(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save({"model": state_of(tensors)}, args.out / "model.pt")
    tokenizer = tokenizer_of(tensors, json.loads(args.tokenizer.read_text(encoding="utf-8")))
    (args.out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
