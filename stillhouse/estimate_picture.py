"""The distribution of a space of students as an SVG, with the constraints drawn in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from stillhouse.documents import Document

_WIDTH, _PANEL, _TOP = 720, 216, 62
_LEFT, _RIGHT, _HEIGHT = 48, 24, 110
_BASE = 42 + _HEIGHT  # above the bars a row for the panel's title, and one for its limit
_TITLE_PX, _WIDEST_LETTER = 15, 0.72  # of its size, in the bold of wide fonts such as DejaVu
_MARK_PX, _MARK_ROW = 56, 11  # the longest mark's name with a gap; rows where they would overlap
_TITLES = {
    "params_ratio": "parameters, of the teacher's",
    "macs_ratio": "MACs, of the teacher's",
    "latency_ms": "latency, milliseconds (predicted between the measured)",
}
_MARKED = ("smallest", "median", "largest")
_STYLE = """
text { font-family: system-ui, sans-serif; font-size: 12px; fill: #333 }
.title { font-size: 15px; font-weight: 600 } .faint { fill: #777 }
.drawn { fill: #cfd8dc } .kept { fill: #26877b } .axis { stroke: #999 }
.limit { stroke: #c0392b; stroke-width: 2; stroke-dasharray: 5 3 } .over { fill: #c0392b }
.mark { fill: #333 } .small { font-size: 10px }
"""


@dataclass(frozen=True)
class _Scale:
    """A logarithmic axis from `low` to `high` over the panel's width."""

    low: float
    high: float

    def x(self, value: float) -> float:
        """Returns where a value stands, pixels; the ends for what lies beyond."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def ticks(self) -> Iterator[float]:
        """Yields 1, 2 and 5 times the powers of ten on the axis; the powers alone where many."""
        first = math.floor(math.log10(self.low))
        decades = range(first, math.ceil(math.log10(self.high)) + 1)
        steps = (1,) if len(decades) > 3 else (1, 2, 5)
        for value in (step * 10.0**decade for decade in decades for step in steps):
            if self.low <= value <= self.high:
                yield value


def estimate_svg(result: Document, title: str) -> str:
    """Returns an SVG: a histogram of each cost of the drawn students, those that are allowed dark.

    Args:
        result: An estimate's result.
        title: What it says above.
    """
    histograms = result["space"]["histogram"]
    limits = _limits(result)
    height = _TOP + _PANEL * len(histograms)
    size = f'width="{_WIDTH}" height="{height}"'
    box = f'viewBox="0 0 {_WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {size}><style>{_STYLE}</style>',
        f'<rect {size} fill="#fff"/>',
        _title(title),
        _text(_LEFT, 44, _verdict(result), "" if result["constraints"]["feasible"] else "over"),
    ]
    for number, (name, histogram) in enumerate(histograms.items()):
        marks = {mark: result["space"][mark].get(name) for mark in _MARKED}
        parts += [
            f'<g transform="translate(0 {_TOP + number * _PANEL})">',
            *_panel(name, histogram, limits.get(name), marks),
            "</g>",
        ]
    return "\n".join([*parts, "</svg>\n"])


def save_estimate(result: Document, title: str, path: Path) -> None:
    """Writes the picture of an estimate's result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(estimate_svg(result, title), "utf-8")


def _limits(result: Document) -> dict[str, float]:
    """Returns the limits in the histograms' units."""
    given, teacher = result["constraints"]["limits"], result["teacher"]
    found = {f"{name}_ratio": given[name] / teacher[name] for name in given if name in teacher}
    if "latency_ms" in given:
        found["latency_ms"] = given["latency_ms"]
    return found


def _verdict(result: Document) -> str:
    constraints, drawn = result["constraints"], int(result["space"]["drawn"])
    if not constraints["limits"]:
        return f"{drawn:,} drawn students, no constraints"
    if constraints["feasible"] is None:
        return f"{drawn:,} drawn students; latency is not known well enough to judge its limit"
    if not constraints["feasible"]:
        return f"no student keeps the constraints; {drawn:,} were drawn"
    return f"{constraints['feasible_share']:.1%} of {drawn:,} drawn students keep the constraints"


def _panel(
    name: str, histogram: Document, limit: float | None, marks: Mapping[str, float | None]
) -> Iterator[str]:
    """Yields one histogram; the panel's origin is its upper left corner."""
    edges = [float(edge) for edge in histogram["edges"]]
    reach = [edges[0], edges[-1], *([limit] if limit else [])]
    scale = _Scale(min(reach) * 0.9, max(reach) * 1.1)
    yield _text(_LEFT, 16, _TITLES.get(name, name), "")
    yield from _bars(histogram, scale)
    yield f'<line class="axis" x1="{_LEFT}" y1="{_BASE}" x2="{_WIDTH - _RIGHT}" y2="{_BASE}"/>'
    standing = {mark: scale.x(value) for mark, value in marks.items() if value}
    rows = _rows(standing)
    for tick in scale.ticks():
        y = _BASE + 36 + _MARK_ROW * max(rows.values(), default=0)
        yield _text(scale.x(tick), y, _figure(name, tick), "faint", "middle")
    for mark, x in standing.items():
        yield f'<path class="mark" d="M{x:.1f} {_BASE + 2} l-4 7 h8 z"/>'
        yield _text(x, _BASE + 20 + _MARK_ROW * rows[mark], mark, "small", "middle")
    if limit:
        yield from _limit(name, limit, scale.x(limit))


def _bars(histogram: Document, scale: _Scale) -> Iterator[str]:
    edges = [float(edge) for edge in histogram["edges"]]
    tallest = max(*histogram["counts"], 1)
    bars = zip(edges, edges[1:], histogram["counts"], histogram["kept"], strict=False)
    for left, right, count, kept in bars:
        x, width = scale.x(left), max(scale.x(right) - scale.x(left) - 1, 1)
        for number, kind in ((count, "drawn"), (kept, "kept")):
            high = _HEIGHT * number / tallest
            yield (
                f'<rect class="{kind}" x="{x:.1f}" y="{_BASE - high:.1f}" width="{width:.1f}" '
                f'height="{high:.1f}"/>'
            )


def _limit(name: str, limit: float, x: float) -> Iterator[str]:
    yield f'<line class="limit" x1="{x:.1f}" y1="24" x2="{x:.1f}" y2="{_BASE}"/>'
    right = x > _WIDTH / 2
    told = f"at most {_figure(name, limit)}"
    yield _text(x + (-6 if right else 6), 34, told, "over", "end" if right else "start")


def _rows(standing: Mapping[str, float]) -> dict[str, int]:
    """Returns each mark's row: one below the last where their names would overlap."""
    rows: dict[str, int] = {}
    taken: list[float] = []  # where the next name of each row may stand, pixels
    for mark, x in sorted(standing.items(), key=lambda one: one[1]):
        free = (row for row, until in enumerate(taken) if until <= x)
        rows[mark] = next(free, len(taken))
        taken[rows[mark] :] = [x + _MARK_PX, *taken[rows[mark] + 1 :]]
    return rows


def _title(title: str) -> str:
    """Returns what the picture says above, as small as it must be to stand within."""
    room = _WIDTH - _LEFT - _RIGHT
    size = min(_TITLE_PX, room / (_WIDEST_LETTER * max(len(title), 1)))
    return (
        f'<text class="title" style="font-size: {size:.1f}px" x="{_LEFT}" y="24">'
        f"{escape(title)}</text>"
    )


def _figure(name: str, value: float) -> str:
    if name == "latency_ms":
        return f"{value:g} ms"
    return f"{100 * value:.3g}%" if value < 10 else f"{100 * value:,.0f}%"  # never as 1e+03


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
