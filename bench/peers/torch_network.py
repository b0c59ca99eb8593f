"""The network of the model file in PyTorch, float32: pieces -> logits of all heads. Needs torch."""
from __future__ import annotations

import numpy as np
import torch
from model_file import read_meta
from torch import nn

from model import Duider, Encoder


class Network(nn.Module):
    def __init__(self, duider: Duider):
        super().__init__()
        self.duider = duider

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.duider.heads(self.duider.encoder(ids, None))


def read_network(t: dict[str, np.ndarray]) -> Network:
    meta = read_meta(t)
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
    return Network(model).eval()
