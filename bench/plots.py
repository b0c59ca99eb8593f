"""SVG plots of bench/run.py's figures."""
from __future__ import annotations

import math

INK, BAR, LIGHT = "#444", "#0b5fa5", "#8a8a8a"
COLOURS = ["#0b5fa5", "#b3401e", "#1a7f37", "#7a3fa0", "#a07800", "#00796b", "#c2185b"]


def page(width: int, height: int, parts: list[str]) -> str:
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
                      f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>"]) + "\n"


def scaling(points: list[dict], caption: str) -> str:
    """Time against length, both on log axes, and what stays proportional to the longest article."""
    left, top, width, height = 70, 44, 480, 300
    decades_x = range(math.floor(math.log10(points[0]["words"])), math.ceil(math.log10(points[-1]["words"])) + 1)
    decades_y = range(math.floor(math.log10(min(p["fastest_ms"] for p in points))), math.ceil(math.log10(max(p["fastest_ms"] for p in points))) + 1)

    def place(words: float, ms: float) -> tuple[float, float]:
        x, y = math.log10(words) - decades_x[0], math.log10(ms) - decades_y[0]
        return left + width * x / (len(decades_x) - 1), top + height * (1 - y / (len(decades_y) - 1))

    out = [f'<text x="{left}" y="18" font-weight="bold">Time to annotate an article, by its length (one thread)</text>',
           f'<text x="{left}" y="34" fill="{LIGHT}">{caption}</text>', f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="{INK}"/>']
    for decade in decades_x:
        x = place(10**decade, 10 ** decades_y[0])[0]
        out.append(f'<path d="M{x:.1f} {top}V{top + height}" stroke="#ddd"/><text x="{x:.1f}" y="{top + height + 16}" text-anchor="middle">{10**decade:,}</text>')
    for decade in decades_y:
        y = place(10 ** decades_x[0], 10**decade)[1]
        label = f"{10**decade} ms" if decade < 3 else f"{10 ** (decade - 3)} s"
        out.append(f'<path d="M{left} {y:.1f}H{left + width}" stroke="#ddd"/><text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    longest = points[-1]
    ends = [place(p["words"], longest["fastest_ms"] * p["words"] / longest["words"]) for p in (points[0], longest)]
    out.append(f'<path d="M{ends[0][0]:.1f} {ends[0][1]:.1f}L{ends[1][0]:.1f} {ends[1][1]:.1f}" stroke="{LIGHT}" stroke-dasharray="4 3"/>')
    places = [place(p["words"], p["fastest_ms"]) for p in points]
    out.append(f'<polyline fill="none" stroke="{BAR}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    for p, (x, y) in zip(points, places):
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{BAR}"><title>{p["words"]:,} words: {p["fastest_ms"]:.1f} ms</title></circle>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 34}" text-anchor="middle">words; dashed: in proportion to the longest article</text>')
    return page(left + width + 30, top + height + 46, out)


def stages(parts: list[dict], title: str, caption: str) -> str:
    """One bar a stage of the pipeline, in its order."""
    left, top, width, step = 130, 48, 380, 24
    most = max(p["ms"] for p in parts)
    out = [f'<text x="12" y="18" font-weight="bold">{title}</text>', f'<text x="12" y="34" fill="{LIGHT}">{caption}</text>']
    for i, part in enumerate(parts):
        y = top + i * step
        bar = width * part["ms"] / most
        out.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{part["stage"]}</text><rect x="{left}" y="{y + 2}" width="{bar:.1f}" height="{step - 7}" fill="{BAR}"/>'
                   f'<text x="{left + bar + 6:.1f}" y="{y + 14}">{part["ms"]:.2f} ms, {100 * part["share"]:.1f} %</text>')
    return page(left + width + 132, top + len(parts) * step + 10, out)


def sizes(lines: dict[str, list[tuple[float, float]]], names: list[str], marks: dict[str, float], caption: str) -> str:
    """Words a second, on a log axis, against figures of accuracy: a line a figure, a point a model; marks are speeds alone."""
    left, top, width, height, low = 60, 60, 480, 320, 50
    speeds = [speed for line in lines.values() for speed, _ in line] + list(marks.values())
    least, most = math.log10(min(speeds) / 1.3), math.log10(max(speeds) * 1.3)

    def place(speed: float, figure: float) -> tuple[float, float]:
        return left + width * (math.log10(speed) - least) / (most - least), top + height * (100 - figure) / (100 - low)

    out = [f'<text x="{left}" y="18" font-weight="bold">Accuracy on dev against speed</text>', f'<text x="{left}" y="34" fill="{LIGHT}">{caption}</text>',
           f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="{INK}"/>']
    for figure in range(low, 101, 10):
        y = place(speeds[0], figure)[1]
        out.append(f'<path d="M{left} {y:.1f}H{left + width}" stroke="#ddd"/><text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{figure}</text>')
    for speed in (a * 10**b for b in range(6) for a in (1, 2, 3, 4, 5, 7)):
        if least <= math.log10(speed) <= most:
            x = place(speed, low)[0]
            out.append(f'<path d="M{x:.1f} {top}V{top + height}" stroke="#ddd"/><text x="{x:.1f}" y="{top + height + 16}" text-anchor="middle">{speed:,}</text>')
    for name, speed in marks.items():
        x = place(speed, low)[0]
        out.append(f'<path d="M{x:.1f} {top}V{top + height}" stroke="{LIGHT}" stroke-dasharray="4 3"/><text transform="translate({x - 4:.1f} {top + height - 6}) rotate(-90)" fill="{LIGHT}">{name}</text>')
    for place_of_name, (speed, _) in zip(names, next(iter(lines.values()))):
        out.append(f'<text x="{place(speed, 100)[0]:.1f}" y="{top - 6}" text-anchor="middle">{place_of_name}</text>')
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = [place(*point) for point in line]
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"><title>{name}: {figure:.1f} at {speed:,.0f} words/s</title></circle>' for (x, y), (speed, figure) in zip(places, line)]
        out.append(f'<circle cx="{left + width + 16}" cy="{top + 12 + 20 * i}" r="3.5" fill="{colour}"/><text x="{left + width + 26}" y="{top + 16 + 20 * i}">{name}</text>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 34}" text-anchor="middle">words a second</text>')
    return page(left + width + 200, top + height + 46, out)
