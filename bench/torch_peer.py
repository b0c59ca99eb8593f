"""The peer of bench/run.py: the network of the model file in PyTorch, float32, one thread, over the same text in the same windows.

usage: torch_peer.py MODEL FILE [REPEATS]       needs torch, tokenizers, regex, numpy: training/requirements.txt
"""
from __future__ import annotations

import base64
import json
import struct
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))
from dataset import Builder, cut_windows  # noqa: E402
from losses import encode  # noqa: E402
from model import Duider, Encoder  # noqa: E402
from tokenizer import PieceTokenizer  # noqa: E402

TYPES = {1: np.int8, 4: np.float32}


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    raw = path.read_bytes()
    count = struct.unpack_from("<8sII", raw)[2]
    out = {}
    for i in range(count):
        name, item, rows, columns, _, offset, size = struct.unpack_from("<40sIIIIQQ", raw, 64 + 72 * i)
        out[name.rstrip(b"\0").decode()] = np.frombuffer(raw, TYPES[item], size // item, offset).reshape(rows, columns)
    return out


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


def read_model(t: dict[str, np.ndarray], meta: dict) -> Duider:
    hidden, layers = meta["hidden"], meta["layers"]
    model = Duider(Encoder(meta["vocabulary"], meta["positions"], hidden, layers, meta["heads"], meta["ffn"], meta["epsilon"], 0.0), hidden)
    state = {"encoder.words.weight": t["embedding.words"] * t["embedding.words.scale"], "encoder.positions.weight": t["embedding.positions"],
             "encoder.norm.weight": t["embedding.norm.weight"], "encoder.norm.bias": t["embedding.norm.bias"], "heads.weight": t["heads.weight"],
             "heads.bias": t["heads.bias"], "pointer_first.weight": t["pointer.first.weight"], "pointer_first.bias": t["pointer.first.bias"],
             "pointer_last.weight": t["pointer.last.weight"], "pointer_key.weight": t["pointer.key.weight"]}
    for i in range(layers):
        for part in ("qkv", "attention_out", "ffn_in", "ffn_out"):
            state[f"encoder.layers.{i}.{part}.weight"] = t[f"layer.{i}.{part}.weight"] * t[f"layer.{i}.{part}.scale"]
            state[f"encoder.layers.{i}.{part}.bias"] = t[f"layer.{i}.{part}.bias"]
        for part in ("attention_norm", "ffn_norm"):
            state[f"encoder.layers.{i}.{part}.weight"] = t[f"layer.{i}.{part}.weight"]
            state[f"encoder.layers.{i}.{part}.bias"] = t[f"layer.{i}.{part}.bias"]
    shapes = {k: v.shape for k, v in model.state_dict().items()}
    model.load_state_dict({k: torch.from_numpy(np.array(v, np.float32).reshape(shapes[k])) for k, v in state.items()})
    return model.eval()


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    tensors = read_tensors(Path(sys.argv[1]))
    meta = json.loads(tensors["meta"].tobytes())
    model, builder = read_model(tensors, meta), Builder(read_tokenizer(tensors))
    text = Path(sys.argv[2]).read_text(encoding="utf-8")
    windows = cut_windows(builder.build({"id": "", "lang": "nl", "text": text}), meta["window"], None)
    took = []
    for _ in range(1 + int(sys.argv[3]) if len(sys.argv) > 3 else 11):
        began = time.perf_counter()
        for window in windows:
            model.heads(encode(model, [window])[0])
        took.append(1000 * (time.perf_counter() - began))
    print(json.dumps({"median_ms": sorted(took[1:])[len(took[1:]) // 2], "pieces": sum(w.pieces for w in windows), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
