"""A chart's frame and what stands in it, as inline SVG that takes its colours from the page.

Points are pairs of a horizontal and a vertical value, on the chart's scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workers.report_page.markup import Markup, join, number, tag
from workers.report_page.scales import Scale

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 12, 46
X_RANGE = (LEFT, WIDTH - RIGHT)  # pixels
Y_RANGE = (HEIGHT - BOTTOM, TOP)

_MOST_TOLD = 300  # dots that tell what they are; more are drawn as one shape, to save room

Point = tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """Two axes with their names.

    Attributes:
        name: of letters and hyphens, its own in the page.
        title: what a person who can't see it hears first.
        description: what they hear then.
    """

    name: str
    title: str
    description: str
    x: Scale
    y: Scale
    x_label: str
    y_label: str

    def draw(self, *marks: Markup) -> Markup:
        """Returns the picture with the marks on it, the later above the earlier."""
        return picture(
            self.name,
            (self.title, self.description),
            (WIDTH, HEIGHT),
            self._grid(),
            *marks,
        )

    def dots(
        self, points: Sequence[Point], kind: str, told: Sequence[str], radius: float = 3
    ) -> Markup:
        """Returns a dot for each point; `told` says of each what it is."""
        where = [(self.x.at(x), self.y.at(y)) for x, y in points]
        if len(where) > _MOST_TOLD:
            path = "".join(f"M{number(x)} {number(y)}h0" for x, y in where)
            return tag("path", d=path, class_=f"{kind} many")
        return join(
            *(
                tag("circle", tag("title", text), cx=x, cy=y, r=radius, class_=kind)
                for (x, y), text in zip(where, told, strict=True)
            )
        )

    def line(self, points: Iterable[Point], kind: str) -> Markup:
        """Returns a line through the points."""
        return tag(
            "path", d=_through([(self.x.at(x), self.y.at(y)) for x, y in points]), class_=kind
        )

    def stairs(self, points: Sequence[Point], kind: str) -> Markup:
        """Returns a line that keeps each point's height until the next one."""
        corners = [points[0]]
        for (_, before), (x, y) in pairwise(points):
            corners += [(x, before), (x, y)]
        return self.line(corners, kind)

    def diamond(self, point: Point, kind: str, told: str) -> Markup:
        """Returns a diamond at the point."""
        return diamond(self.x.at(point[0]), self.y.at(point[1]), kind, told)

    def limit(self, x: float, told: str) -> Markup:
        """Returns a line at the largest value that is allowed, and shades what lies beyond."""
        at = self.x.at(x)
        right = at > (X_RANGE[0] + X_RANGE[1]) / 2
        width = X_RANGE[1] - at
        return join(
            tag("rect", x=at, y=TOP, width=width, height=Y_RANGE[0] - TOP, class_="beyond"),
            tag("path", d=f"M{number(at)} {TOP}V{Y_RANGE[0]}", class_="limit"),
            text(at + (-5 if right else 5), TOP + 12, told, "small", "end" if right else "start"),
        )

    def lower(self, points: Sequence[Point]) -> Markup:
        """Returns how many points lie below the chart, on whose edge they are drawn; maybe none."""
        n = sum(y < self.y.low for _, y in points)
        if n == 0:
            return join()
        told = f"{n} {'lies' if n == 1 else 'lie'} lower"
        return text(X_RANGE[1], Y_RANGE[0] - 7, told, "small", "end")

    def _grid(self) -> Markup:
        base, left = Y_RANGE[0], X_RANGE[0]
        rows = [(self.y.at(tick), self.y.write(tick)) for tick in self.y.ticks()]
        columns = [(self.x.at(tick), self.x.write(tick)) for tick in self.x.ticks()]
        return join(
            *(tag("path", d=f"M{left} {number(y)}H{X_RANGE[1]}", class_="grid") for y, _ in rows),
            *(text(left - 7, y + 4, told, "tick", "end") for y, told in rows),
            *(tag("path", d=f"M{number(x)} {base}v4", class_="axis") for x, _ in columns),
            *(text(x, base + 18, told, "tick", "middle") for x, told in columns),
            tag("path", d=f"M{left} {base}H{X_RANGE[1]}", class_="axis"),
            text((left + X_RANGE[1]) / 2, HEIGHT - 8, self.x_label, "label", "middle"),
            _upright(12, (TOP + base) / 2, self.y_label),
        )


def picture(name: str, told: tuple[str, str], size: tuple[float, float], *shapes: Markup) -> Markup:
    """Returns an SVG.

    Args:
        name: of letters and hyphens, its own in the page.
        told: a title and a description, for those who can't see it.
        size: width and height; it shrinks with the page.
        shapes: what is on it.
    """
    title, description = told
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-desc"),
        *shapes,
        viewBox=f"0 0 {number(size[0])} {number(size[1])}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def text(x: float, y: float, told: str, kind: str, anchor: str = "start") -> Markup:
    """Returns a line of text whose start, middle or end is at `x`."""
    return tag("text", told, x=x, y=y, class_=kind, text_anchor=anchor)


def diamond(x: float, y: float, kind: str, told: str, size: int = 6) -> Markup:
    """Returns a diamond around a pixel, twice `size` wide."""
    path = f"M{number(x)} {number(y - size)}l{size} {size}l-{size} {size}l-{size}-{size}z"
    return tag("path", tag("title", told), d=path, class_=kind)


def _through(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _upright(x: float, y: float, told: str) -> Markup:
    turn = f"rotate(-90 {number(x)} {number(y)})"
    return tag("text", told, x=x, y=y, class_="label", text_anchor="middle", transform=turn)
