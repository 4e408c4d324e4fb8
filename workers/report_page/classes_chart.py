"""How teacher and student do on each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workers.evaluation import Evaluation
from workers.report_page.chart import diamond, picture, text
from workers.report_page.figures import percent, shortened
from workers.report_page.markup import Markup, number, tag

MOST_CLASSES = 30  # in a picture; of more the worst are shown
WORST = 20
WIDTH, ROW = 460, 20
_LEFT, _RIGHT, _TOP, _BOTTOM = 120, 62, 6, 26
_LONGEST_NAME = 14


def shown_classes(student: Evaluation) -> list[int]:
    """Returns the classes that are shown: all, or of more than `MOST_CLASSES` the worst ones."""
    known = [(value, n) for n, value in enumerate(student.class_accuracy) if value is not None]
    if len(student.class_accuracy) <= MOST_CLASSES:
        return [n for _, n in known]
    return [n for _, n in sorted(known)[:WORST]]


def classes_chart(names: Sequence[str], teacher: Evaluation, student: Evaluation) -> Markup:
    """Returns the picture; classes without test images are left out."""
    shown = shown_classes(student)
    height = _TOP + ROW * len(shown) + _BOTTOM
    accuracies = {
        n: (teacher.class_accuracy[n] or 0.0, student.class_accuracy[n] or 0.0) for n in shown
    }
    low = min((min(pair) for pair in accuracies.values()), default=0.0)
    low = max(int(low * 10 - 1e-9) / 10, 0.0)  # the ten percent below
    low = min(low, 0.9)
    worst = min(shown, key=lambda n: accuracies[n][1], default=0)
    least = percent(accuracies[worst][1])
    told = f"The student's worst class is {name_of(names, worst)} with {least}."
    return picture(
        "classes",
        ("Accuracy of each class", told),
        (WIDTH, height),
        *_axis(low, height),
        *(
            part
            for place, n in enumerate(shown)
            for part in _row(place, name_of(names, n), accuracies[n], low, student.class_images[n])
        ),
    )


def name_of(names: Sequence[str], n: int) -> str:
    """Returns a class's name; its number where it has none."""
    return names[n] if n < len(names) else str(n)


def _x(value: float, low: float) -> float:
    return _LEFT + (value - low) / (1 - low) * (WIDTH - _LEFT - _RIGHT)


def _axis(low: float, height: int) -> Iterator[Markup]:
    for step in range(5):
        value = low + (1 - low) * step / 4
        x = _x(value, low)
        yield tag("path", d=f"M{number(x)} {_TOP}V{height - _BOTTOM}", class_="grid")
        yield text(x, height - 8, f"{100 * value:.3g}%", "tick", "middle")


def _row(
    place: int, name: str, accuracies: tuple[float, float], low: float, images: int
) -> Iterator[Markup]:
    teacher, student = accuracies
    y = _TOP + ROW * (place + 0.5)
    left, right = _x(teacher, low), _x(student, low)
    yield text(_LEFT - 10, y + 4, shortened(name, _LONGEST_NAME), "tick", "end")
    yield tag("path", d=f"M{number(left)} {number(y)}H{number(right)}", class_="bond")
    about = f"{name}: the teacher {percent(teacher)} of {images} images"
    yield diamond(left, y, "teacher", about, size=7)
    told = tag("title", f"{name}: the student {percent(student)} of {images} images")
    yield tag("circle", told, cx=right, cy=y, r=4, class_="student")
    yield text(WIDTH - 4, y + 4, percent(student), "tick", "end")
