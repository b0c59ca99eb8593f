"""Text -> words -> pieces: the reference that lib/tokenizer.c agrees with, piece by piece.

A word is a run of letters, digits and combining marks (with invisible format characters inside), or a run of one and the same other
character; white space separates words. A word that white space (or nothing) precedes starts with "▁". Each word is
normalised (XLM-R's map) and split into pieces by itself, so that a piece never crosses a word.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import regex
from tokenizers import Tokenizer, models, normalizers

INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff"
WORD = regex.compile(rf"(?:[\p{{L}}\p{{N}}\p{{M}}][\p{{L}}\p{{N}}\p{{M}}{INVISIBLE}]*)|(([^\s\p{{Z}}\p{{Cc}}{INVISIBLE}])\2*)")
HIDDEN = regex.compile(f"[{INVISIBLE}]")
MAX_WORD_PIECES = 24  # of a longer word only the first pieces are encoded
BOS, PAD, EOS, UNK = 0, 1, 2, 3


@dataclass
class Word:
    start: int  # code points
    end: int
    space_before: bool
    pieces: list[int]


class PieceTokenizer:
    """`path`: a tokenizer.json with a Unigram model and XLM-R's normaliser."""

    def __init__(self, path: Path):
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        steps = data["normalizer"]
        steps = steps["normalizers"] if steps["type"] == "Sequence" else [steps]
        charsmap = next(s["precompiled_charsmap"] for s in steps if s["type"] == "Precompiled")
        import base64

        self.charsmap = base64.b64decode(charsmap)
        self.vocab = [(p, s) for p, s in data["model"]["vocab"]]
        self.normalizer = normalizers.Precompiled(self.charsmap)
        self.pieces = Tokenizer(models.Unigram(self.vocab, UNK, False))
        self.cache: dict[tuple[str, bool], list[int]] = {}

    def word_pieces(self, text: str, space_before: bool) -> list[int]:
        key = (text, space_before)
        found = self.cache.get(key)
        if found is None:
            plain = self.normalizer.normalize_str(HIDDEN.sub("", text)).replace(" ", "")
            found = self.pieces.encode(("▁" if space_before else "") + plain).ids[:MAX_WORD_PIECES] or [UNK]
            self.cache[key] = found
        return found

    def words(self, text: str) -> list[Word]:
        out, last_end = [], -1
        for match in WORD.finditer(text):
            space = match.start() != last_end
            out.append(Word(match.start(), match.end(), space, self.word_pieces(match.group(), space)))
            last_end = match.end()
        return out
