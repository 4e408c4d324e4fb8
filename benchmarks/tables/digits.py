"""Tables in one JSON file whose keys have a digit for each column."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.tables.table import Builder, Table, TableError, first_rows, row_of_teacher

RUNS = 3
MEAN_TOLERANCE = 0.01  # percentage points: a rounded mean passes, another network's doesn't
LARGEST_BYTES = 256 * 2**20
LARGEST_COUNT = 2**53  # what JSON's numbers hold exactly


@dataclass(frozen=True)
class DigitForm:
    """What a file of such a table looks like.

    Attributes:
        name: The adapter's.
        digits: The digits that a column can have, from the smallest choice on.
        columns: How many digits a key has.
        ordinal: Whether the choices are sizes.
        runs: The field with the accuracies of the trainings, in %.
        mean: The field with their mean.
        build: Makes the network of choices.
        plain: Makes one key of all that are of the same network.
    """

    name: str
    digits: str
    columns: int
    ordinal: bool
    runs: str
    mean: str
    build: Builder
    plain: Callable[[str], str] = str

    @property
    def teacher(self) -> str:
        """The key of the largest network."""
        return self.digits[-1] * self.columns


def read_digits(path: Path, form: DigitForm) -> Table:
    """Returns the table of a file; it may be a part of the whole, but has the teacher.

    Raises:
        TableError: If the file is not of the form.
    """
    records = _records(path)
    keys = tuple(sorted(records))
    rows = [_checked(path, key, records[key], form) for key in keys]
    teacher = row_of_teacher(keys, form.teacher, path)
    return Table(
        name=form.name,
        keys=keys,
        choices=torch.tensor([[form.digits.index(x) for x in key] for key in keys]),
        cardinalities=(len(form.digits),) * form.columns,
        ordinal=(form.ordinal,) * form.columns,
        accuracy=torch.tensor([row.accuracies for row in rows], dtype=torch.float64) / 100,
        params=torch.tensor([row.params for row in rows], dtype=torch.int64),
        macs=torch.tensor([row.macs for row in rows], dtype=torch.int64),
        teacher=teacher,
        build=form.build,
        first=first_rows(map(form.plain, keys)),
    )


@dataclass(frozen=True)
class _Row:
    accuracies: list[float]
    params: int
    macs: int


def _records(path: Path) -> Mapping[str, object]:
    """The file's records by key, none of them looked at."""
    if not path.is_file():
        raise TableError(f"{path}: is no file")
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise TableError(f"{path}: {size:,} bytes are more than {LARGEST_BYTES:,}")
        found = json.loads(path.read_bytes(), object_pairs_hook=_without_repetition)
    except TableError:
        raise
    except RecursionError as error:
        raise TableError(f"{path}: not JSON: nested too deeply") from error
    except (OSError, ValueError) as error:  # a UnicodeDecodeError is a ValueError
        raise TableError(f"{path}: not readable as JSON: {error}") from error
    if not isinstance(found, dict) or not found:
        raise TableError(f"{path}: must be an object with a record for each network")
    return found


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice!r:.40} is there twice")
    return found


def _checked(path: Path, key: str, record: object, form: DigitForm) -> _Row:
    where = f"{path}: {key!r:.40}"
    if len(key) != form.columns:
        raise TableError(f"{where}: has {len(key)} digits, not {form.columns}")
    unknown = [digit for digit in key if digit not in form.digits]
    if unknown:
        raise TableError(f"{where}: unknown digit {unknown[0]!r}, must be one of {form.digits}")
    if not isinstance(record, dict):
        raise TableError(f"{where}: must be an object, not {type(record).__name__}")
    runs = record.get(form.runs)
    if not isinstance(runs, list) or len(runs) != RUNS:
        count = len(runs) if isinstance(runs, list) else "none"
        raise TableError(f"{where}: {form.runs} must have {RUNS} runs, has {count}")
    accuracies = [_percentage(where, form.runs, run) for run in runs]
    mean = _percentage(where, form.mean, record.get(form.mean))
    if abs(mean - sum(accuracies) / RUNS) > MEAN_TOLERANCE:
        raise TableError(f"{where}: {form.mean} {mean} is not the mean of {form.runs}")
    # What these files call FLOPs are multiply-accumulates.
    return _Row(accuracies, _count(where, "params", record), _count(where, "flops", record))


def _percentage(where: str, field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TableError(f"{where}: {field} must be a number, not {value!r:.40}")
    if not 0 <= value <= 100:  # NaN is not, either
        raise TableError(f"{where}: {field} must be from 0 to 100, not {value!r:.40}")
    return float(value)


def _count(where: str, field: str, record: Mapping[str, object]) -> int:
    value = record.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LARGEST_COUNT:
        raise TableError(f"{where}: {field} must be a positive integer, not {value!r:.40}")
    return value
