"""How far confidences are from the truth: expected calibration error, and the reliability diagram as SVG."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 10
SIDE, GAP, LEFT, TOP, BOTTOM = 200, 56, 52, 34, 46  # of a panel, in pixels
AFTER, BEFORE = "#0b5fa5", "#8a8a8a"


@dataclass
class Panel:
    title: str
    before: np.ndarray  # confidences
    after: np.ndarray
    right: np.ndarray  # bool
    weights: np.ndarray


def bins(confidence: np.ndarray, right: np.ndarray, weights: np.ndarray) -> list[tuple[float, float, float, int]]:
    """-> of each bin of equal width that is not empty: mean confidence, share that is right, share of the weight, items."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    out = []
    for i in np.unique(place):
        here = place == i
        weight = weights[here].sum()
        out.append((float((weights * confidence)[here].sum() / weight), float((weights * right)[here].sum() / weight),
                    float(weight / weights.sum()), int(here.sum())))
    return out


def ece(confidence: np.ndarray, right: np.ndarray, weights: np.ndarray) -> float:
    """Expected calibration error: the mean distance of a bin's confidence from its share that is right (Naeini et al., 2015)."""
    return sum(share * abs(mean - truth) for mean, truth, share, _ in bins(confidence, right, weights))


def dots(confidence: np.ndarray, panel: Panel, style: str) -> list[str]:
    """One dot a bin; its area grows with the share of the items."""
    out = []
    for mean, truth, share, items in bins(confidence, panel.right, panel.weights):
        radius = 2.5 + 12.0 * share ** 0.5
        out.append(f'<circle cx="{mean * SIDE:.1f}" cy="{(1 - truth) * SIDE:.1f}" r="{radius:.1f}" {style}>'
                   f"<title>{items} items: confidence {mean:.2f}, right {truth:.2f}</title></circle>")
    return out


def draw(panel: Panel, x: int) -> list[str]:
    out = [f'<g transform="translate({x},{TOP})">',
           f'<text x="{SIDE / 2}" y="-12" text-anchor="middle" font-weight="bold">{panel.title}: ECE '
           f"{ece(panel.after, panel.right, panel.weights):.3f}</text>",
           f'<rect width="{SIDE}" height="{SIDE}" fill="none" stroke="#444"/>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = tick * SIDE
        if 0 < tick < 1:
            out.append(f'<path d="M0 {SIDE - at}H{SIDE}M{at} 0V{SIDE}" stroke="#ddd"/>')
        out.append(f'<text x="{at}" y="{SIDE + 15}" text-anchor="middle">{tick:g}</text>')
        out.append(f'<text x="-6" y="{SIDE - at + 4}" text-anchor="end">{tick:g}</text>')
    out.append(f'<path d="M0 {SIDE}L{SIDE} 0" stroke="#444" stroke-dasharray="4 3"/>')
    out += dots(panel.before, panel, f'fill="none" stroke="{BEFORE}" stroke-width="1.5"')
    out += dots(panel.after, panel, f'fill="{AFTER}" fill-opacity="0.75"')
    out.append(f'<text x="{SIDE / 2}" y="{SIDE + 33}" text-anchor="middle">confidence</text></g>')
    return out


def svg(panels: list[Panel]) -> str:
    width, height = LEFT + len(panels) * (SIDE + GAP) - GAP + 16, TOP + SIDE + BOTTOM + 24
    middle = TOP + SIDE / 2
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">share that is right</text>']
    for i, panel in enumerate(panels):
        out += draw(panel, LEFT + i * (SIDE + GAP))
    y = height - 14
    out += [f'<circle cx="{LEFT + 6}" cy="{y - 4}" r="5" fill="{AFTER}" fill-opacity="0.75"/>',
            f'<text x="{LEFT + 16}" y="{y}">calibrated (5-fold cross-validation over documents)</text>',
            f'<circle cx="{LEFT + 346}" cy="{y - 4}" r="5" fill="none" stroke="{BEFORE}" stroke-width="1.5"/>',
            f'<text x="{LEFT + 356}" y="{y}">as the network has it</text>', "</svg>"]
    return "\n".join(out) + "\n"
