"""A chart in the page: its title, a line in words, and what its shapes stand for."""

from __future__ import annotations

from collections.abc import Mapping

from workers.report_page.chart import diamond
from workers.report_page.markup import Markup, tag

_LINE, _BLOCK = "M0 6H18", {"x": 1, "y": 1, "width": 16, "height": 10}
_SHAPES = {
    "student": tag("circle", cx=9, cy=6, r=5, class_="student"),
    "teacher": diamond(9, 6, "teacher", "teacher"),
    "trial": tag("circle", cx=9, cy=6, r=3, class_="trial"),
    "reused": tag("circle", cx=9, cy=6, r=3, class_="trial reused"),
    "best": tag("path", d=_LINE, class_="best"),
    "curve": tag("path", d=_LINE, class_="curve"),
    "limit": tag("path", d=_LINE, class_="limit"),
    "skip": tag("path", d="M3 1C19 1 19 11 3 11m6 -4l-6 4l6 4", class_="skip"),
    **{
        kind: tag("rect", **_BLOCK, class_=kind)
        for kind in ("bar-student", "bar-teacher", "bar-gone", "bin", "right", "wrong")
    },
}


def figure(
    title: str | None,
    chart: Markup | None,
    keys: Mapping[str, str],
    note: str | None = None,
    kind: str | None = None,
) -> Markup | None:
    """Returns a chart as it stands in the page; None without a chart.

    Args:
        title: above it.
        chart: the picture or table.
        keys: what its shapes stand for, by their kinds.
        note: what is to be known to read it.
        kind: class of the element.
    """
    if chart is None:
        return None
    return tag(
        "figure",
        tag(
            "figcaption",
            None if title is None else tag("h3", title),
            None if note is None else tag("p", note),
        ),
        chart,
        _key(keys) if keys else None,
        class_=kind,
    )


def section(title: str, note: str, *figures: Markup | None) -> Markup:
    """Returns a part of the page; figures that are None are left out."""
    charts = tag("div", *figures, class_="charts")
    return tag("section", tag("h2", title), tag("p", note, class_="note"), charts)


def _key(keys: Mapping[str, str]) -> Markup:
    return tag(
        "ul",
        *(
            tag("li", tag("svg", _SHAPES[shape], viewBox="0 0 18 12", aria_hidden="true"), told)
            for shape, told in keys.items()
        ),
        class_="key",
    )
