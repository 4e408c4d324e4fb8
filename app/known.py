"""What one who follows a job's events knows already; it is written into each event's id.

So an id tells any server process what to send next, and nothing has to be kept for those who come
back. What it means is ours alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

_LONGEST = 60_000  # 10,000 trials that have not ended make as much
_ID = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9qr-]*)\.((?:[0-9a-f]{8})?)\.((?:[0-9a-f]{8})?)")
_TRIAL = re.compile(r"([0-9]{1,9})([qr][0-9]{1,9})")


@dataclass(frozen=True)
class Known:
    """What has been told of a job.

    Attributes:
        states: how many of the states that it has had.
        trials: below which number its trials were told.
        unended: those of them that had not ended, each with a mark of what it was like.
        job: a mark of the whole job; empty before.
        best: a mark of its best student; empty before.
    """

    states: int = 0
    trials: int = 0
    unended: Mapping[int, str] = field(default_factory=dict)
    job: str = ""
    best: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns what an event's id says; of any other text, that nothing is known."""
        found = _ID.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            return cls()
        marks = [_TRIAL.fullmatch(one) for one in found[3].split("-")] if found[3] else []
        unended = {int(one[1]): one[2] for one in marks if one is not None}
        return cls(int(found[1]), int(found[2]), unended, found[4], found[5])

    def __str__(self) -> str:
        """Returns the id that `parse` takes."""
        unended = "-".join(f"{number}{mark}" for number, mark in self.unended.items())
        return f"{self.states}.{self.trials}.{unended}.{self.job}.{self.best}"

    def with_trial(self, number: int, mark: str | None) -> Self:
        """Returns what is known once a trial is told; it has ended if it has no mark."""
        unended = {one: known for one, known in self.unended.items() if one != number}
        if mark is not None:
            unended[number] = mark
        return replace(self, trials=max(self.trials, number + 1), unended=unended)


def mark_of(state: str, attempts: int) -> str:
    """Returns the mark of a trial that has not ended: it changes with each attempt."""
    return f"{state[0]}{attempts}"
