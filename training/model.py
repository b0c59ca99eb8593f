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


class Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, ffn: int, epsilon: float, dropout: float):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.attention_out = nn.Linear(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden, epsilon)
        self.ffn_in = nn.Linear(hidden, ffn)
        self.ffn_out = nn.Linear(ffn, hidden)
        self.ffn_norm = nn.LayerNorm(hidden, epsilon)
        self.dropout = dropout

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        batch, length, hidden = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask)
        mixed = self.attention_out(mixed.transpose(1, 2).reshape(batch, length, hidden))
        x = self.attention_norm(x + F.dropout(mixed, self.dropout, self.training))
        inner = self.ffn_out(F.gelu(self.ffn_in(x)))
        return self.ffn_norm(x + F.dropout(inner, self.dropout, self.training))


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
        x = F.dropout(x, self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, mask)
        return x
