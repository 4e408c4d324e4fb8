"""What is measured, the most telling first; what a log has already is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.inherit.comparison import BASELINE, Start, Student, measured, starts, trained
from benchmarks.inherit.report import chosen
from benchmarks.inherit.rows import Key, Row
from benchmarks.inherit.subject import Subject, students

RATIOS = (0.5, 0.25, 0.1)  # of the teacher's MACs


def missing(
    subject: Subject, rows: Mapping[Key, Row], candidates: int, epochs: int
) -> Iterator[Row]:
    """Measures and yields the rows that the log hasn't.

    Student by student what is known before training, and the training of the adaptive choice and
    of the baseline; then the training of all the rest. With the statistics as they were sliced a
    student is not trained: training reads none, it is the same one.
    """
    drawn = {ratio: students(subject.space, ratio, candidates) for ratio in RATIOS}
    every = [
        Student(ratio, number, edits[number])
        for number in range(candidates)
        for ratio, edits in drawn.items()
    ]
    found: list[tuple[Student, list[Start]]] = []
    for student in every:
        choices = starts(subject, student)
        found.append((student, choices))
        for start in choices:
            if start.row.key not in rows:
                yield measured(subject, student, start)
        first = [start for start in choices if _matters(start, choices)]
        yield from _trained(subject, student, first, rows, epochs)
    for student, choices in found:
        rest = [start for start in choices if not _matters(start, choices)]
        yield from _trained(subject, student, rest, rows, epochs)


def _trained(
    subject: Subject, student: Student, found: list[Start], rows: Mapping[Key, Row], epochs: int
) -> Iterator[Row]:
    for start in found:
        if start.row.recomputed and start.row.key._replace(trained=True) not in rows:
            yield trained(subject, student, start, epochs)


def _matters(start: Start, others: list[Start]) -> bool:
    """Whether it is the adaptive choice, or a baseline."""
    seen = {x.row.criteria: x.row.seen for x in others if x.row.seen is not None}
    criteria = start.row.criteria
    return BASELINE in criteria or criteria == chosen(seen, start.row.seen_on)
