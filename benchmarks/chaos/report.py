"""The log of a run, and its last line."""

from __future__ import annotations

import json
import platform
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.chaos.audit import Audit


@dataclass(frozen=True)
class GivenFault:
    """A fault and what came of it.

    Attributes:
        recovered_s: from its beginning until the job had gone on; None if it never did.
    """

    kind: str
    to: str
    at_s: float
    recovered_s: float | None


@dataclass
class Outcome:
    """A run's faults, and what was found after the last one."""

    jobs: int = 0
    compared: int = 0
    minutes: float = 0.0
    given: list[GivenFault] = field(default_factory=list)
    audit: Audit = field(default_factory=Audit)

    @property
    def is_clean(self) -> bool:
        """Whether the jobs went on after every fault and nothing is missing."""
        return self.audit.is_clean and all(one.recovered_s is not None for one in self.given)


class Log:
    """A file of one JSON object a line, which is printed too."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")

    def add(self, line: dict[str, object]) -> None:
        """Adds an object."""
        self.note(json.dumps(line))

    def note(self, text: str) -> None:
        """Adds a line of text."""
        with self._file.open("a") as log:
            log.write(text + "\n")
        print(text, flush=True)


def result(database: str, seed: int, outcome: Outcome) -> str:
    """Returns the figures of a run as JSON."""
    audit = outcome.audit
    recovered = defaultdict(list)
    for one in outcome.given:
        if one.recovered_s is not None:
            recovered[one.kind].append(one.recovered_s)
    together = [seconds for kind in recovered.values() for seconds in kind]
    return json.dumps(
        {
            "database": database,
            "seed": seed,
            "faults": dict(sorted(Counter(one.kind for one in outcome.given).items())),
            "never_recovered": sum(one.recovered_s is None for one in outcome.given),
            "recover_s": _spread(together),
            "recover_s_by_kind": {kind: _spread(s) for kind, s in sorted(recovered.items())},
            "jobs": outcome.jobs,
            "trials": audit.trials,
            "compared_jobs": outcome.compared,
            "lost": len(audit.lost),
            "duplicated": len(audit.duplicated),
            "orphans": len(audit.orphans),
            "damaged": len(audit.damaged),
            "different": len(audit.different),
            "minutes": round(outcome.minutes, 1),
            "cores": psutil.cpu_count(),
            "python": platform.python_version(),
            "ray": version("ray"),
            "torch": version("torch"),
        }
    )


def _spread(seconds: list[float]) -> dict[str, float] | None:
    if not seconds:
        return None
    return {"median": round(statistics.median(seconds), 2), "max": round(max(seconds), 2)}
