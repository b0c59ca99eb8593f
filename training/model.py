"""The network: a BERT-shaped encoder and one linear head a task, all computed in one forward pass.

In: piece ids of a batch of windows.  Out: logits of every head for every word.  What the labels mean is in labels.py.
lib/encoder.c and lib/heads.c compute the same thing in C; export.py writes what they read.
"""
from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

import labels

WEIGHT_LEVELS = 63  # of 8-bit weights on either side of zero: two products with 8-bit inputs fit into 16 bits, which processors without VNNI add up in
INPUT_LEVELS = 127  # of the inputs of products, from the least to the largest of a row
PREFIX = "encoder.layers."  # of the names of layers' weights


def drop(x: torch.Tensor, rate: float, training: bool) -> torch.Tensor:
    """Dropout of whole features over a window (Gal and Ghahramani, 2016): as many random numbers as features, not as values."""
    if not training or rate == 0.0:
        return x
    keep = torch.rand(x.shape[0], 1, x.shape[2]) >= rate
    return x * (keep.to(x.dtype) / (1.0 - rate))


def through(rounded: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
    """The value of `rounded`, the gradient of `exact` (Bengio et al., 2013)."""
    return exact + (rounded - exact).detach()


class Product(nn.Linear):
    """A matrix product; with `rounds` of operands rounded as the library rounds them, so that the network learns to live with it
    (quantisation-aware training: Jacob et al., 2018)."""

    rounds = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.rounds:
            return super().forward(x)
        with torch.no_grad():
            scale = (self.weight.abs().amax(1, keepdim=True) / WEIGHT_LEVELS).clamp_min(1e-12)
            weight = (self.weight / scale).round_().mul_(scale)
            least, most = x.amin(-1, keepdim=True).clamp_max(0.0), x.amax(-1, keepdim=True).clamp_min(0.0)
            step = ((most - least) / INPUT_LEVELS).clamp_min(1e-12)
            zero = (-least / step).round_()
            rows = (x / step + zero).round_().sub_(zero).mul_(step)
        return F.linear(through(rows, x), through(weight, self.weight), self.bias)


class Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, ffn: int, epsilon: float, dropout: float):
        super().__init__()
        self.heads = heads
        self.qkv = Product(hidden, 3 * hidden)
        self.attention_out = Product(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden, epsilon)
        self.ffn_in = Product(hidden, ffn)
        self.ffn_out = Product(ffn, hidden)
        self.ffn_norm = nn.LayerNorm(hidden, epsilon)
        self.dropout = dropout

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        batch, length, hidden = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask)
        mixed = self.attention_out(mixed.transpose(1, 2).reshape(batch, length, hidden))
        x = self.attention_norm(x + drop(mixed, self.dropout, self.training))
        inner = self.ffn_out(F.gelu(self.ffn_in(x)))
        return self.ffn_norm(x + drop(inner, self.dropout, self.training))


class Encoder(nn.Module):
    def __init__(self, vocabulary: int, positions: int, hidden: int, layers: int, heads: int, ffn: int, epsilon: float,
                 dropout: float):
        super().__init__()
        self.words = nn.Embedding(vocabulary, hidden)
        self.positions = nn.Embedding(positions, hidden)
        self.norm = nn.LayerNorm(hidden, epsilon)
        self.layers = nn.ModuleList(Layer(hidden, heads, ffn, epsilon, dropout) for _ in range(layers))
        self.dropout = dropout

    def forward(self, pieces: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        places = torch.arange(pieces.shape[1], device=pieces.device)
        x = self.norm(self.words(pieces) + self.positions(places))
        x = drop(x, self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Duider(nn.Module):
    """Encoder, one linear layer for all heads, and pointer projections."""

    def __init__(self, encoder: Encoder, hidden: int):
        super().__init__()
        self.encoder = encoder
        self.heads = nn.Linear(hidden, sum(len(x) for x in labels.HEADS.values()))
        size = labels.POINTER_SIZE * len(labels.POINTERS)
        self.pointer_first = nn.Linear(hidden, size)
        self.pointer_last = nn.Linear(hidden, size, bias=False)
        self.pointer_key = nn.Linear(hidden, size, bias=False)

    def head(self, vectors: torch.Tensor, name: str) -> torch.Tensor:
        """[n, hidden] -> [n, labels of the head]."""
        a, b = labels.offsets()[name]
        return F.linear(vectors, self.heads.weight[a:b], self.heads.bias[a:b])

    def pointer_scores(self, first: torch.Tensor, last: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """first, last [q, hidden]; words [w, hidden], row 0 is <s>  ->  [pointers, q, w]."""
        query = (self.pointer_first(first) + self.pointer_last(last)).view(-1, len(labels.POINTERS), labels.POINTER_SIZE)
        key = self.pointer_key(words).view(-1, len(labels.POINTERS), labels.POINTER_SIZE)
        return torch.einsum("qpd,wpd->pqw", query, key) / math.sqrt(labels.POINTER_SIZE)


def set_rounding(model: Duider, rounds: bool) -> None:
    for module in model.modules():
        if isinstance(module, Product):
            module.rounds = rounds


def depth_of(state: dict[str, torch.Tensor]) -> int:
    """How many layers the weights have."""
    return 1 + max(int(k.split(".")[2]) for k in state if k.startswith(PREFIX))


def listed(layers: int | list[int]) -> list[int]:
    """What a configuration calls `layers`: how many of the lowest, or which, from 0."""
    return list(range(layers)) if isinstance(layers, int) else layers


def kept_layers(state: dict[str, torch.Tensor], layers: int | list[int]) -> dict[str, torch.Tensor]:
    """The weights without the layers that are not `listed`; all of them where there are no more than that."""
    kept = listed(layers)
    if depth_of(state) == len(kept):
        return state
    out = {k: v for k, v in state.items() if not k.startswith(PREFIX)}
    for place, layer in enumerate(kept):
        source = f"{PREFIX}{layer}."
        out |= {f"{PREFIX}{place}.{k.removeprefix(source)}": v for k, v in state.items() if k.startswith(source)}
    return out


def from_pretrained(pretrained, layers: int | list[int], dropout: float) -> Duider:
    """`pretrained`: weights.Pretrained, its word rows already trimmed.  Keeps the `listed` layers."""
    kept = listed(layers)
    t = {k: torch.from_numpy(v) for k, v in pretrained.tensors.items()}
    encoder = Encoder(t["emb.word"].shape[0], pretrained.positions, pretrained.hidden, len(kept), pretrained.heads,
                      pretrained.ffn, pretrained.epsilon, dropout)
    with torch.no_grad():
        encoder.words.weight.copy_(t["emb.word"])
        encoder.positions.weight.copy_(t["emb.pos"] + t["emb.type"][0])
        encoder.norm.weight.copy_(t["emb.ln.w"])
        encoder.norm.bias.copy_(t["emb.ln.b"])
        for i, layer in zip(kept, encoder.layers):
            name = f"l{i}."
            layer.qkv.weight.copy_(torch.cat([t[name + x + ".w"] for x in "qkv"]))
            layer.qkv.bias.copy_(torch.cat([t[name + x + ".b"] for x in "qkv"]))
            for module, source in ((layer.attention_out, "ao"), (layer.attention_norm, "aln"), (layer.ffn_in, "fi"),
                                   (layer.ffn_out, "fo"), (layer.ffn_norm, "oln")):
                module.weight.copy_(t[name + source + ".w"])
                module.bias.copy_(t[name + source + ".b"])
    return Duider(encoder, pretrained.hidden)
