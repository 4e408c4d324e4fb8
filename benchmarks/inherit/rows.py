"""What the log holds: a choice of channels for one student, before training or trained."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple


class Key(NamedTuple):
    """What a row is of; `criterion` is the first of those that make the choice."""

    ratio: float
    candidate: int
    criterion: str
    recomputed: bool
    trained: bool


@dataclass(frozen=True)
class Row:
    """One choice of channels.

    Attributes:
        setting: hash of what all rows of one comparison share.
        ratio: of the teacher's MACs that the student was drawn for.
        candidate: its number at this ratio.
        criteria: all that make this choice.
        recomputed: whether the batch norms' statistics were recomputed after slicing.
        seen: accuracy before training on the training images that `adaptive` chooses by; None
            where it doesn't look (statistics not recomputed).
        seen_on: how many images these are.
        accuracy: on validation, by the number of epochs after which it was measured: `"0"`, and of
            one that was trained `"1"` and the last one's.
        choose_s: CPU seconds of trying all criteria for this student.
        train_s: CPU seconds of the training, measuring left out; 0 where there was none.
    """

    setting: str
    ratio: float
    candidate: int
    criteria: tuple[str, ...]
    recomputed: bool
    seen: float | None
    seen_on: int
    accuracy: Mapping[str, float]
    choose_s: float
    train_s: float = 0.0

    @property
    def key(self) -> Key:
        """What the row is of."""
        trained = len(self.accuracy) > 1
        return Key(self.ratio, self.candidate, self.criteria[0], self.recomputed, trained)


def read_rows(file: Path, setting: str) -> dict[Key, Row]:
    """Returns the rows of a setting, the last one of each key; none if there is no file.

    Raises:
        ValueError: a line that is not the last one is no row; says which.
    """
    lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else []
    rows: dict[Key, Row] = {}
    for number, line in enumerate(lines, 1):
        if not line.endswith("}"):  # empty, or torn when the machine stopped
            continue
        try:
            row = _row(line)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{file}:{number}: {error}") from error
        if row.setting == setting:
            rows[row.key] = row
    return rows


def _row(line: str) -> Row:
    fields = json.loads(line)
    return Row(**(fields | {"criteria": tuple(fields["criteria"])}))


def append_row(file: Path, row: Row) -> None:
    """Adds a line and waits until the disk has it; a torn line before it stays alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    torn = file.exists() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
    with file.open("a", encoding="utf-8") as log:
        log.write(("\n" if torn else "") + json.dumps(asdict(row)) + "\n")
        log.flush()
        os.fsync(log.fileno())
