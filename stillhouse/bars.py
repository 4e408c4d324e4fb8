"""Small pictures made of characters: a bar for a share, a line for a history."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def bar(share: float, width: int) -> str:
    """Returns a bar of `width` characters that is filled to a share from 0 to 1.

    Anything above nothing shows at least its thinnest line.
    """
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def sparkline(values: Sequence[float], width: int) -> str:
    """Returns the history of a number, oldest first, in at most `width` characters.

    The lowest value is the lowest line and the highest the highest; a longer history is thinned
    out evenly, its first and last value kept.
    """
    if not values:
        return ""
    low, span = min(values), max(values) - min(values)
    if len(values) > width:
        last = len(values) - 1
        values = [values[round(i * last / (width - 1))] for i in range(width)]
    top = len(_HEIGHTS) - 1
    return "".join(_HEIGHTS[round((value - low) / span * top) if span else 0] for value in values)
