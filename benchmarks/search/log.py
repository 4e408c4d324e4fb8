"""The log of finished runs: JSON, a run a line; a benchmark that was cut goes on from it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from benchmarks.search.runs import Key, Run


def read_runs(file: Path) -> dict[Key, Run]:
    """Returns the runs of a log, the last one of each key; none if there is no file.

    Raises:
        ValueError: If a line other than a torn last one is no run; says which line.
    """
    if not file.exists():
        return {}
    text = file.read_text(encoding="utf-8")
    lines = text.split("\n")
    runs: dict[Key, Run] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            run = Run.from_json(json.loads(line))
        except (ValueError, AttributeError) as error:
            if _torn(line):
                continue
            raise ValueError(f"{file}:{number}: {error}") from error
        runs[run.key] = run
    return runs


def _torn(line: str) -> bool:
    """Returns whether a line's end is missing: it was being written when the machine stopped."""
    return not line.endswith("}")


def append_run(file: Path, run: Run) -> None:
    """Adds a run, as `append_line` does."""
    append_line(file, run.to_json())


def append_line(file: Path, fields: Mapping[str, object]) -> None:
    """Adds a line and waits until the disk has it; a torn line before it stays alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as log:
        log.seek(0, os.SEEK_END)
        if log.tell():
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                log.write(b"\n")
        log.write(json.dumps(fields).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())
