"""The label sets of the heads, shared by training and export. The model file carries them by name."""
from __future__ import annotations

TYPES = ["PER", "ORG", "LOC", "EVENT", "WORK", "NORP", "MISC"]
NAMES = ["O"] + [f"{p}-{t}" for t in TYPES for p in "BI"]

KINDS = ["direct", "indirect", "mixed"]
# C begins a further part of the quote before it ("A", says X, "B").
QUOTES = ["O"] + [f"{p}-{k}" for k in KINDS for p in "BCI"]

ROLES = ["O", "B", "I"]
CUES = ["O", "B", "I"]
SPEAKERS = ["O", "B", "I"]
POLARITIES = ["negative", "neutral", "positive"]
LANGUAGES = ["nl", "en", "de"]

# One linear layer holds them all, in this order. The first five read a word's first piece, the last three a mean over words:
# sentence and quote (sentence), mention (target), window (language).
HEADS: dict[str, list[str]] = {
    "names": NAMES,
    "quotes": QUOTES,
    "roles": ROLES,
    "cues": CUES,
    "speakers": SPEAKERS,
    "sentence": POLARITIES,
    "target": POLARITIES,
    "language": LANGUAGES,
}
WORD_HEADS = ["names", "quotes", "roles", "cues", "speakers"]

# Bilinear pointers from a quote part (first and last word) to the first word of its cue, of its speaker mention, of a
# name of its speaker entity; position 0 (<s>) means none.
POINTERS = ["cue", "speaker", "entity"]
POINTER_SIZE = 64

# What a coarse MISC of the CoNLL sets may stand for.
COARSE_MISC = ["EVENT", "WORK", "NORP", "MISC"]


def offsets() -> dict[str, tuple[int, int]]:
    """head -> (first logit, one past the last)."""
    at, out = 0, {}
    for head, names in HEADS.items():
        out[head] = (at, at + len(names))
        at += len(names)
    return out
