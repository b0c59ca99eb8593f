"""Makes confidences true on dev: of the names that get 0.9, nine in ten should be right. Between two exports: run the C program, judge, fit.

usage: export.py ... --out raw.model
       calibrate.py --prepared DIR --model raw.model --duider build/duider --out calibration.json [--plot docs/calibration.svg]
       export.py ... --calibration calibration.json --out duider.model

Needs build/duider and build/bench/logits beside it. --limit N reads only N documents of a source: for a trial.

What is judged            right where
  mention  names          span and type are those of a gold name; EVENT, WORK, NORP and MISC are one type in the CoNLL sets
  quote    all quotes     it is matched with a gold quote, one to one, by half of the characters of both (Jaccard), the kind left aside
  speaker  of such quotes it overlaps the gold speaker mention, or its entity has a name in common with the gold entity
  sentence gold sentences, headlines; target: gold targets, entities of articles: the likeliest polarity is the gold one

Mention, quote, speaker: 1 / (1 + exp(-(a logit(p) + b))) (Platt, 1999, with his smoothed targets); sentence, target: the temperature of least
negative log likelihood (Guo et al., 2017). The articles count as much as all other sources of a kind together. The printed expected
calibration errors (10 bins) come from 5-fold cross-validation over documents; what is written is fitted on all.
"""
from __future__ import annotations

import argparse
import json
import random
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import labels
from dataset import Builder, read_lines
from reliability import Panel, ece, svg
from tokenizer import PieceTokenizer

ARTICLES = "articles"
NAMES = [ARTICLES, "names_nl", "names_en", "names_de"]
QUOTES = [ARTICLES, "quotes_de"]
POLARITY = [ARTICLES, "headlines_nl", "targets_en"]
FOLDS = 5
CLAMP = 1e-4  # as in lib/result.c
EDGES = " \t\n\r\u00a0\"'„“”‘’‚‛«»‹›.,;:!?–—-"  # do not count where quotes are compared
COARSE = {t: "MISC" for t in labels.COARSE_MISC}
Span = tuple[int, int]


@dataclass
class Judged:
    """Items of one kind: x is a raw probability, or three logits; y is whether it is right, or the polarity + 1."""
    source: list[str] = field(default_factory=list)
    fold: list[int] = field(default_factory=list)
    x: list = field(default_factory=list)
    y: list[int] = field(default_factory=list)

    def add(self, source: str, fold: int, x: float | np.ndarray, y: int) -> None:
        self.source.append(source)
        self.fold.append(fold)
        self.x.append(x)
        self.y.append(y)

    def weights(self) -> np.ndarray:
        own = np.array([s == ARTICLES for s in self.source])
        weights = np.ones(len(own))
        if own.any() and not own.all():
            weights[own] = (~own).sum() / own.sum()
        return weights


# ---- gold and results ----

def annotate(duider: Path, model: Path, rows: list[dict]) -> list[dict]:
    lines = "".join(json.dumps({"id": str(i), "text": r["text"], "language": r["lang"]}) + "\n" for i, r in enumerate(rows))
    done = subprocess.run([duider, "annotate", "--ndjson", "--model", model], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    if [r["id"] for r in results] != [str(i) for i in range(len(rows))]:
        raise SystemExit("duider left out an article")
    return results


def span(item: dict) -> Span:
    return item["start"], item["end"]


def overlap(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def characters(spans: list[Span], text: str) -> set[int]:
    out: set[int] = set()
    for start, end in spans:
        while start < end and text[start] in EDGES:
            start += 1
        while end > start and text[end - 1] in EDGES:
            end -= 1
        out.update(range(start, end))
    return out


def jaccard(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def match_quotes(row: dict, result: dict) -> dict[int, int]:
    """-> predicted quote -> gold quote, the best pairs first."""
    gold = [characters(q["spans"], row["text"]) for q in row["quotes"]]
    found = [characters([span(s) for s in q["spans"]], row["text"]) for q in result["quotes"]]
    pairs = sorted(((jaccard(g, f), i, j) for i, g in enumerate(gold) for j, f in enumerate(found)), reverse=True)
    match: dict[int, int] = {}
    for value, i, j in pairs:
        if value >= 0.5 and j not in match and i not in match.values():
            match[j] = i
    return match


def judge_names(row: dict, result: dict) -> list[tuple[float, bool]]:
    coarse = {} if "roles" in row else COARSE
    gold = {(*span(e), coarse.get(e["type"], e["type"])) for e in row["entities"]}
    return [(m["confidence"], (*span(m), coarse.get(e["type"], e["type"])) in gold)
            for e in result["entities"] for m in e["mentions"] if m["kind"] == "name"]


def is_speaker(speaker: dict, gold: dict, row: dict, result: dict) -> bool:
    mention = speaker["mention"]
    if mention and gold.get("speaker") and overlap(span(mention), gold["speaker"]):
        return True
    wanted = [span(e) for e in row.get("entities", []) if gold.get("speaker_entity") and e["id"] == gold["speaker_entity"]]
    got = [span(m) for e in result["entities"] if e["id"] == speaker["entity"] for m in e["mentions"]]
    return any(overlap(a, b) for a in got for b in wanted)


def judge(args: argparse.Namespace) -> dict[str, Judged]:
    """The C program's names, quotes and speakers on dev."""
    out = {"mention": Judged(), "quote": Judged(), "speaker": Judged()}
    for source in dict.fromkeys(NAMES + QUOTES):
        rows = read(args, source)
        for row, result, fold in zip(rows, annotate(args.duider, args.model, rows), folds(len(rows))):
            for confidence, right in judge_names(row, result) if source in NAMES else ():
                out["mention"].add(source, fold, confidence, right)
            match = match_quotes(row, result) if source in QUOTES else {}
            for i, quote in enumerate(result["quotes"] if source in QUOTES else ()):
                out["quote"].add(source, fold, quote["confidence"], i in match)
                if i in match and quote["speaker"]:
                    right = is_speaker(quote["speaker"], row["quotes"][match[i]], row, result)
                    out["speaker"].add(source, fold, quote["speaker"]["confidence"], right)
    return out


def judge_polarity(args: argparse.Namespace) -> dict[str, Judged]:
    """Results have a label and a score, not three probabilities; so this asks the library's network for the logits of the gold sentences and targets."""
    out = {"sentence": Judged(), "target": Judged()}
    builder = Builder(PieceTokenizer(args.prepared / "tokenizer.json"))
    for source in POLARITY:
        documents = [builder.build(row) for row in read(args, source)]
        texts = "\0".join(row["text"] for row in read(args, source)).encode()
        done = subprocess.run([args.duider.parent / "bench/logits", args.model], input=texts, stdout=subprocess.PIPE, check=True)
        logits = np.array(done.stdout.split(), np.float64).reshape(-1, sum(map(len, labels.HEADS.values())))
        if len(logits) != sum(len(d.words) for d in documents):
            raise SystemExit("the library and training/tokenizer.py see other words")
        for document, fold in zip(documents, folds(len(documents))):
            own, logits = logits[: len(document.words)], logits[len(document.words) :]
            for head, items in (("sentence", [([(a, b)], y) for a, b, y in document.sentences]), ("target", document.targets)):
                first, end = labels.offsets()[head]
                for spans, y in items:
                    out[head].add(source, fold, np.concatenate([own[a:b, first:end] for a, b in spans]).mean(0), y)
    return out


def read(args: argparse.Namespace, source: str) -> list[dict]:
    return read_lines(args.prepared / f"{source}.dev.jsonl")[: args.limit]


def folds(count: int) -> list[int]:
    """The fold of each document of a source."""
    order = list(range(count))
    random.Random(1).shuffle(order)
    return [i % FOLDS for i in order]


# ---- fits ----

def logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, CLAMP, 1.0 - CLAMP)
    return np.log(p / (1.0 - p))


def fit_platt(p: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted logistic regression on the logit -> a, b; Newton's method from the identity."""
    x = np.stack([logit(p), np.ones(len(p))], 1)
    positive, negative = weights[y == 1].sum(), weights[y == 0].sum()
    target = np.where(y == 1, (positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0))
    parameters = np.array([1.0, 0.0])
    for _ in range(50):
        q = 1.0 / (1.0 + np.exp(-x @ parameters))
        gradient = x.T @ (weights * (q - target))
        hessian = (x * (weights * q * (1.0 - q))[:, None]).T @ x + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        parameters = parameters - step * min(1.0, 2.0 / np.abs(step).max())  # a long step may overshoot
        if np.abs(step).max() < 1e-9:
            break
    return parameters


def apply_platt(p: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-(parameters[0] * logit(p) + parameters[1])))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def fit_temperature(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """-> [temperature]; the likelihood is concave in its inverse, which Newton's method finds."""
    cold = 1.0
    for _ in range(50):
        p = softmax(cold * x)
        mean = (p * x).sum(1)
        gradient = (weights * (mean - x[np.arange(len(y)), y])).sum()
        variance = (weights * ((p * x * x).sum(1) - mean * mean)).sum()
        cold = float(np.clip(cold - gradient / max(variance, 1e-9), cold / 2.0, cold * 2.0))
    return np.array([np.clip(1.0 / cold, 0.05, 20.0)])


def apply_temperature(x: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    return softmax(x / parameters[0]).max(1)


@dataclass
class Fitted:
    parameters: np.ndarray  # on all items
    panel: Panel


def calibrate(name: str, judged: Judged, fit: Callable, apply: Callable, identity: np.ndarray) -> Fitted:
    x, y, weights, fold = np.array(judged.x), np.array(judged.y, int), judged.weights(), np.array(judged.fold)
    after = np.zeros(len(y))
    for i in np.unique(fold):
        here = fold == i
        after[here] = apply(x[here], fit(x[~here], y[~here], weights[~here]))
    right = x.argmax(1) == y if x.ndim == 2 else y == 1
    return Fitted(fit(x, y, weights), Panel(name, apply(x, identity), after, right, weights))


def print_table(name: str, judged: Judged, panel: Panel) -> None:
    source = np.array(judged.source)
    for part in [*dict.fromkeys(judged.source), "all, weighted"]:
        here = source == part if part in judged.source else np.ones(len(source), bool)
        before, after, right, weights = panel.before[here], panel.after[here], panel.right[here], panel.weights[here]
        means = [np.average(v, weights=weights) for v in (right, before, after)]
        print(f"{name:9} {part:14} {here.sum():6}  " + "  ".join(f"{v:6.3f}" for v in means)
              + f"  {ece(before, right, weights):9.3f}  {ece(after, right, weights):9.3f}")


def check(args: argparse.Namespace) -> None:
    print(f"{'':9} {'items':>6}   right    says    ECE")
    for name, judged in judge(args).items():
        says, right, weights = np.array(judged.x), np.array(judged.y, int), judged.weights()
        print(f"{name:9} {len(says):6}  {np.average(right, weights=weights):6.3f}  {np.average(says, weights=weights):6.3f}  {ece(says, right == 1, weights):5.3f}")


def refuse_calibrated(model: Path) -> None:
    """What a calibrated model says is no longer raw."""
    file = model.read_bytes()
    (count,) = struct.unpack_from("<I", file, 12)
    table = [struct.unpack_from("<40sIIIIQQ", file, 64 + 72 * i) for i in range(count)]
    offset, size = next(entry[5:] for entry in table if entry[0].rstrip(b"\0") == b"meta")
    meta = json.loads(file[offset : offset + size])
    if meta.get("confidence") or meta.get("temperatures"):
        raise SystemExit(f"{model} is calibrated already: export it without --calibration first")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="exported without --calibration")
    parser.add_argument("--duider", type=Path, default=Path(__file__).parent / "../build/duider")
    parser.add_argument("--out", type=Path, help="JSON: the parameters")
    parser.add_argument("--plot", type=Path, help="SVG: reliability diagram")
    parser.add_argument("--limit", type=int, help="documents of each source")
    parser.add_argument("--check", action="store_true", help="fit nothing: how far the confidences of a calibrated --model are from the truth")
    args = parser.parse_args()
    for program in (args.duider, args.duider.parent / "bench/logits"):
        if not program.exists():
            raise SystemExit(f"{program} is not there: make all build/bench/logits")
    if args.check:
        check(args)
        return
    if not args.out:
        parser.error("--out is missing")
    refuse_calibrated(args.model)
    calibration: dict[str, dict] = {"temperatures": {}, "confidence": {}}
    panels = {}
    print(f"{'':9} {'source':14} {'items':>6}   right  before   after  ECE before  ECE after")
    for name, judged in (judge(args) | judge_polarity(args)).items():
        if name in ("sentence", "target"):
            fitted = calibrate(name, judged, fit_temperature, apply_temperature, np.ones(1))
            calibration["temperatures"][name] = round(float(fitted.parameters[0]), 4)
        else:
            fitted = calibrate(name, judged, fit_platt, apply_platt, np.array([1.0, 0.0]))
            calibration["confidence"][name] = [round(float(v), 4) for v in fitted.parameters]
            if calibration["confidence"][name][0] <= 0.0:
                raise SystemExit(f"{name}: surer is not likelier to be right; no calibration keeps the order")
        panels[name] = fitted.panel
        print_table(name, judged, fitted.panel)
    args.out.write_text(json.dumps(calibration, indent=2) + "\n")
    print(f"{args.out}: {json.dumps(calibration)}")
    if args.plot:
        panels["sentence"].title = "sentence sentiment"
        args.plot.write_text(svg([panels[k] for k in ("mention", "quote", "speaker", "sentence")]))


if __name__ == "__main__":
    main()
