"""Teacher and student side by side: a bar of channels for each layer, an arc for each new skip."""

from __future__ import annotations

from collections.abc import Iterator

from workers.report_page.chart import picture, text
from workers.report_page.figures import shortened
from workers.report_page.layers import Comparison, LayerPair
from workers.report_page.markup import Markup, number, tag

WIDTH, ROW = 560, 20
BARS, BARS_END = 170, 400
_TOLD = 410  # where a row's words begin
_ARCS = 505  # where the arcs do
_TOP, _BOTTOM = 8, 8
_LONGEST_NAME = 22
_LONGEST_ARC = 45  # pixels to the right


def layers_chart(found: Comparison) -> Markup:
    """Returns the picture, a row for each of the teacher's weighted layers."""
    widest = max(pair.channels for pair in found.layers)
    rows = [_row(pair, i, widest) for i, pair in enumerate(found.layers)]
    height = _TOP + ROW * len(found.layers) + _BOTTOM
    return picture(
        "layers",
        ("Teacher and student layer by layer", in_words(found)),
        (WIDTH, height),
        *(part for row in rows for part in row),
        *(_arc(found, start, end) for start, end in found.skips),
    )


def in_words(found: Comparison) -> str:
    """Returns what was changed, in one sentence."""
    gone = sum(pair.kept is None for pair in found.layers)
    thinner = sum(pair.kept is not None and pair.kept < pair.channels for pair in found.layers)
    skips = len(found.skips)
    removed = f"{gone} {'was' if gone == 1 else 'were'} removed"
    added = "skip connection was" if skips == 1 else "skip connections were"
    return (
        f"Of the teacher's {len(found.layers)} layers with weights {removed} and {thinner} kept "
        f"fewer channels; {skips} {added} added."
    )


def _row(pair: LayerPair, place: int, widest: int) -> Iterator[Markup]:
    middle = _TOP + ROW * (place + 0.5)
    full = max((BARS_END - BARS) * pair.channels / widest, 2)
    told = tag("title", f"{pair.name}: {pair.kind}, {_words(pair)}")
    name = shortened(pair.name, _LONGEST_NAME)
    yield text(BARS - 8, middle + 4, name, "gone" if pair.kept is None else "tick", "end")
    kind = "bar-gone" if pair.kept is None else "bar-teacher"
    yield tag("rect", told, x=BARS, y=middle - 7, width=full, height=14, class_=kind)
    if pair.kept is not None:
        width = max(full * pair.kept / pair.channels, 2)
        yield tag("rect", told, x=BARS, y=middle - 7, width=width, height=14, class_="bar-student")
    yield text(_TOLD, middle + 4, _words(pair), "gone" if pair.kept is None else "tick")


def _words(pair: LayerPair) -> str:
    if pair.kept is None:
        return f"{pair.channels} → removed"
    return f"{pair.channels} → {pair.kept}" if pair.kept < pair.channels else f"{pair.channels}"


def _arc(found: Comparison, start: int, end: int) -> Markup:
    """Returns an arc with an arrow's head from below one row to below another."""
    above, below = (_TOP + ROW * (place + 1) for place in (start, end))
    reach = min(12 + 3 * (end - start), _LONGEST_ARC)
    names = [found.layers[place].name if place >= 0 else "the input" for place in (start, end)]
    path = (
        f"M{_ARCS} {number(above)}C{_ARCS + reach} {number(above)} {_ARCS + reach} "
        f"{number(below)} {_ARCS} {number(below)}m6 -4l-6 4l6 4"
    )
    told = f"added skip: after {names[0]} to after {names[1]}"
    return tag("path", tag("title", told), d=path, class_="skip")
