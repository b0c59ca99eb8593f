"""Trains encoder and heads.  Resumes from the checkpoint in --out where there is one.

usage: train.py --prepared DIR --pretrained e5-small-q4.bin --out DIR [--config config.json] [--start model.pt] [--teacher model.pt]

With --teacher the logits of another trained network, of any depth, are learned beside the labels (Hinton et al., 2015).
"""
from __future__ import annotations

import argparse
import copy
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import evaluate
import labels
import weights
from augment import Names, lose_accented, refine, roughen, swap_names, swap_quotation_marks
from dataset import WINDOW, Builder, Document, Window, cut_windows, read_lines
from losses import batch_loss
from model import Duider, depth_of, from_pretrained, kept_layers, set_rounding
from tokenizer import PieceTokenizer


@dataclass
class Augmentation:
    """How often a pass over a document shows a variant of it (augment.py)."""

    marks: float  # other quotation marks
    names: float  # other names
    name_share: float  # of them
    rough: float  # rougher text
    lists: dict[str, Names]
    lost: float = 0.0  # German text without its umlauts

    def variant(self, row: dict, rng: random.Random) -> dict:
        out = row
        if row.get("entities") and rng.random() < self.names:
            out = swap_names(out, self.lists[row["lang"]], self.name_share, rng)
        if row.get("quotes") and rng.random() < self.marks:
            out = {**out, "text": swap_quotation_marks(out["text"], rng)}
        if rng.random() < self.rough:
            out = {**out, "text": roughen(out["text"], rng)}
        if row["lang"] == "de" and rng.random() < self.lost:
            out = lose_accented(out)
        return out


def load_sources(prepared: Path, config: dict, lists: dict[str, Names]) -> dict[str, list[dict]]:
    sources = {name: read_lines(prepared / f"{name}.train.jsonl") for name in config["passes"]}
    for name, ids in config.get("only", {}).items():
        chosen = set(ids)
        sources[name] = [row for row in sources[name] if row["id"] in chosen]
    for rows in sources.values():
        for row in rows:
            refine(row, lists[row["lang"]])
    return sources


def epoch_windows(sources: dict[str, list[dict]], share: dict[str, float], builder: Builder, augmentation: Augmentation | None,
                  rng: random.Random, cache: dict[str, Document], size: int = WINDOW) -> list[Window]:
    """The windows of one epoch: of each source `share` times its documents (a fraction: a random part)."""
    out: list[Window] = []
    for name, rows in sources.items():
        whole, part = divmod(share[name], 1.0)
        chosen = rows * int(whole) + rng.sample(rows, round(part * len(rows)))
        for row in chosen:
            variant = augmentation.variant(row, rng) if augmentation else row
            if variant is row:
                key = f"{name}/{row['id']}"
                doc = cache.get(key) or cache.setdefault(key, builder.build(row))
            else:
                doc = builder.build(variant)
            out.extend(cut_windows(doc, size, rng))
    return out


def batches(windows: list[Window], tokens: int, rng: random.Random) -> list[list[Window]]:
    """Batches of at most `tokens` padded pieces, of windows alike in length, in random order."""
    keyed = sorted(windows, key=lambda w: (w.pieces // 16, rng.random()))
    out: list[list[Window]] = []
    row: list[Window] = []
    widest = 0
    for window in keyed:
        widest_now = max(widest, window.pieces)
        if row and widest_now * (len(row) + 1) > tokens:
            out.append(row)
            row, widest_now = [], window.pieces
        row.append(window)
        widest = widest_now
    if row:
        out.append(row)
    rng.shuffle(out)
    return out


def learning_rate(step: int, total: int, warmup: float) -> float:
    rise = max(1.0, warmup * total)
    return min(step / rise, max(0.0, (total - step) / max(1.0, total - rise)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--pretrained", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.json"))
    parser.add_argument("--start", type=Path, help="weights of an earlier run to begin from")
    parser.add_argument("--teacher", type=Path, help="weights of a trained network whose logits are learned too")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    config = json.loads(args.config.read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(config["seed"])
    tokenizer = PieceTokenizer(args.prepared / "tokenizer.json")
    ids = np.array(json.loads((args.prepared / "tokenizer.json").read_text(encoding="utf-8"))["source_ids"])
    pretrained = weights.load(args.pretrained, ids)
    model: Duider = from_pretrained(pretrained, config["layers"], config["dropout"])
    if args.start:
        model.load_state_dict(kept_layers(torch.load(args.start, weights_only=True)["model"], config["layers"]))
    set_rounding(model, config.get("rounds", False))
    teacher = None
    if args.teacher:
        state = torch.load(args.teacher, weights_only=True)["model"]
        teacher = from_pretrained(pretrained, depth_of(state), 0.0)
        teacher.load_state_dict(state)
        teacher.eval()
    model.encoder.words.requires_grad_(config["train_words"])
    model.encoder.positions.requires_grad_(False)

    head_parts = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
    encoder_parts = [p for n, p in model.encoder.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": encoder_parts, "base": config["encoder_rate"]},
                                   {"params": head_parts, "base": config["head_rate"]}], lr=0.0, weight_decay=0.01, fused=True)
    # Where the processor multiplies bfloat16, the encoder computes on a copy of its float32 weights in it.
    half = copy.deepcopy(model.encoder).bfloat16() if torch.cpu._is_avx512_bf16_supported() else None
    half_parts = [p for p in half.parameters() if p.requires_grad] if half else []

    lists = {lang: Names.load(Path(__file__).parent / "data/names", lang) for lang in labels.LANGUAGES}
    augmentation = Augmentation(lists=lists, **config["augment"])
    builder, sources, cache = Builder(tokenizer), load_sources(args.prepared, config, lists), {}
    epochs, window = config["epochs"], config.get("window", WINDOW)
    share = {name: passes / epochs for name, passes in config["passes"].items()}
    per_epoch = len(batches(epoch_windows(sources, share, builder, None, random.Random(0), cache, window), config["step_tokens"],
                            random.Random(0)))
    total = per_epoch * epochs
    print(f"{total} steps in {epochs} epochs", flush=True)
    start_epoch = step = 0
    checkpoint = args.out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        start_epoch, step = state["epoch"], state["step"]
        print(f"resumed at epoch {start_epoch}, step {step}", flush=True)
    log = (args.out / "log.jsonl").open("a")
    for epoch in range(start_epoch, epochs):
        rng = random.Random(config["seed"] * 1000 + epoch)
        torch.manual_seed(config["seed"] * 1000 + epoch)
        for part in (model, half):
            if part:
                part.train()
        began, seen, sums = time.time(), 0, {}
        for number, batch in enumerate(batches(epoch_windows(sources, share, builder, augmentation, rng, cache, window),
                                               config["step_tokens"], rng)):
            with torch.no_grad():
                for a, b in zip(half_parts, encoder_parts):
                    a.copy_(b)
            loss, parts = batch_loss(model, batch, half, teacher)
            loss.backward()
            for a, b in zip(half_parts, encoder_parts):
                b.grad = a.grad.float() if a.grad is not None else None
                a.grad = None
            torch.nn.utils.clip_grad_norm_(encoder_parts + head_parts, 1.0)
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * learning_rate(min(step, total - 1), total, config["warmup"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            seen += sum(w.pieces for w in batch)
            for k, v in parts.items():
                sums.setdefault(k, []).append(v)
            if number % 50 == 49:
                means = " ".join(f"{k} {np.mean(v[-50:]):.3f}" for k, v in sums.items())
                print(f"epoch {epoch + 1} step {step}/{total} {seen / (time.time() - began):.0f} tokens/s  {means}", flush=True)
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1, "step": step}, checkpoint)
        model.eval()
        figures = evaluate.quick(model, builder, args.prepared)
        figures.update(epoch=epoch + 1, seconds=round(time.time() - began))
        print(json.dumps(figures), flush=True)
        log.write(json.dumps(figures) + "\n")
        log.flush()
    torch.save({"model": model.state_dict(), "config": config}, args.out / "model.pt")


if __name__ == "__main__":
    main()
