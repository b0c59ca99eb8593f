"""Losses of one batch: the sum over heads of what the batch's documents mark."""
from __future__ import annotations

import torch
import torch.nn.functional as F

import labels
from dataset import COARSE_B, COARSE_I, IGNORE, Window
from model import Duider
from tokenizer import BOS, EOS, PAD

WEIGHTS = {"names": 1.0, "quotes": 1.0, "roles": 0.5, "cues": 0.7, "speakers": 0.7, "sentence": 0.7, "target": 0.5,
           "language": 0.05, "pointer": 0.3}
_FINE_B = [labels.NAMES.index("B-" + t) for t in labels.COARSE_MISC]
_FINE_I = [labels.NAMES.index("I-" + t) for t in labels.COARSE_MISC]


def encode(model: Duider, batch: list[Window], encoder=None) -> list[torch.Tensor]:
    """-> for each window [1 + words, hidden]: row 0 is <s>, then each word's first piece."""
    length = -(-max(w.pieces for w in batch) // 32) * 32  # few shapes: the kernels of a shape are built once
    ids = torch.full((len(batch), length), PAD, dtype=torch.long)
    places = []
    for row, window in enumerate(batch):
        pieces, firsts = [BOS], [0]
        for word in window.document.words[window.first : window.end]:
            firsts.append(len(pieces))
            pieces.extend(word.pieces)
        pieces.append(EOS)
        ids[row, : len(pieces)] = torch.tensor(pieces)
        places.append(torch.tensor(firsts))
    mask = None
    if any(w.pieces != length for w in batch):
        mask = torch.zeros(ids.shape, dtype=next((encoder or model.encoder).parameters()).dtype)
        mask = mask.masked_fill_(ids == PAD, -1e4)[:, None, None, :]
    hidden = (encoder or model.encoder)(ids, mask).float()
    return [hidden[row, place] for row, place in enumerate(places)]


def names_loss(logits: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Cross entropy; for a coarse MISC the probabilities of the types that it may stand for add up."""
    logp = F.log_softmax(logits, -1)
    fine = F.nll_loss(logp, torch.where(gold >= COARSE_B, torch.full_like(gold, IGNORE), gold), ignore_index=IGNORE, reduction="sum")
    begin = torch.logsumexp(logp[gold == COARSE_B][:, _FINE_B], -1).sum()
    inside = torch.logsumexp(logp[gold == COARSE_I][:, _FINE_I], -1).sum()
    return fine - begin - inside


def distillation_loss(model: Duider, teacher: Duider, batch: list[Window], vectors: list[torch.Tensor]) -> torch.Tensor:
    """Cross entropy with the teacher's probabilities, of all heads that label words, whatever the source marks; of sentences too."""
    with torch.no_grad():
        known = encode(teacher, batch)
    own, taught = torch.cat([v[1:] for v in vectors]), torch.cat([v[1:] for v in known])
    terms = [WEIGHTS[head] * F.cross_entropy(model.head(own, head), teacher.head(taught, head).softmax(-1)) for head in labels.WORD_HEADS]
    spans = [(v, k, a - w.first, b - w.first) for w, v, k in zip(batch, vectors, known) for a, b, _ in w.document.sentences
             if a >= w.first and b <= w.end]
    if spans:
        terms.append(WEIGHTS["sentence"] * F.cross_entropy(
            model.head(torch.stack([v[1:][a:b].mean(0) for v, _, a, b in spans]), "sentence"),
            teacher.head(torch.stack([k[1:][a:b].mean(0) for _, k, a, b in spans]), "sentence").softmax(-1)))
    return torch.stack(terms).sum()


def batch_loss(model: Duider, batch: list[Window], encoder=None, teacher: Duider | None = None) -> tuple[torch.Tensor, dict[str, float]]:
    vectors = encode(model, batch, encoder)
    words = torch.cat([v[1:] for v in vectors])
    parts: dict[str, torch.Tensor] = {}
    for head in labels.WORD_HEADS:
        gold = torch.tensor([t for w in batch for t in w.document.tags[head][w.first : w.end]])
        known = int((gold != IGNORE).sum())
        if known == 0:
            continue
        logits = model.head(words, head)
        total = names_loss(logits, gold) if head == "names" else F.cross_entropy(logits, gold, ignore_index=IGNORE, reduction="sum")
        parts[head] = total / known
    pooled: dict[str, list[torch.Tensor]] = {"sentence": [], "target": [], "language": []}
    answers: dict[str, list[int]] = {"sentence": [], "target": [], "language": []}
    pointer_terms: list[torch.Tensor] = []
    for window, vector in zip(batch, vectors):
        doc, own = window.document, vector[1:]

        def local(a: int, b: int) -> tuple[int, int] | None:
            return (a - window.first, b - window.first) if a >= window.first and b <= window.end else None

        for a, b, polarity in doc.sentences:
            span = local(a, b)
            if span:
                pooled["sentence"].append(own[span[0] : span[1]].mean(0))
                answers["sentence"].append(polarity)
        for spans, polarity in doc.targets:
            inside = [s for s in (local(*s) for s in spans) if s]
            if inside:
                pooled["target"].append(torch.cat([own[a:b] for a, b in inside]).mean(0))
                answers["target"].append(polarity)
        if len(own):
            pooled["language"].append(own.mean(0))
            answers["language"].append(labels.LANGUAGES.index(doc.lang))
        inside = [p for p in doc.pointers if local(p.first, p.last + 1)]
        if inside:
            first = own[[p.first - window.first for p in inside]]
            last = own[[p.last - window.first for p in inside]]
            logp = F.log_softmax(model.pointer_scores(first, last, vector), -1)
            for row, p in enumerate(inside):
                for column, name in enumerate(labels.POINTERS):
                    goals = p.goals(name, window)
                    if goals:
                        pointer_terms.append(-torch.logsumexp(logp[column, row, goals], 0))
    for head in pooled:
        if pooled[head]:
            parts[head] = F.cross_entropy(model.head(torch.stack(pooled[head]), head), torch.tensor(answers[head]))
    if pointer_terms:
        parts["pointer"] = torch.stack(pointer_terms).mean()
    loss = sum(WEIGHTS[k] * v for k, v in parts.items())
    if teacher:
        parts["teacher"] = distillation_loss(model, teacher, batch, vectors)
        loss = loss + parts["teacher"]
    return loss, {k: float(v.detach()) for k, v in parts.items()}
