"""One job that was carried out: what the log holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

EMBEDDING, RANDOM, ADAPRUNER = METHODS = ("embedding", "random", "adapruner")
SEARCHING, FINISHING, TESTING = "searching", "finishing", "reading the test split"


class Key(NamedTuple):
    """What a run is of."""

    seed: int
    method: str


@dataclass(frozen=True)
class Ended:
    """A trial.

    Attributes:
        number: of it in its job.
        state: `completed`, `stopped` or `failed`.
        ended_s: seconds since the job began.
        score: of one that is completed.
        params: of its student.
        duration_s: seconds of its training; of one that failed None.
    """

    number: int
    state: str
    ended_s: float
    score: float | None
    params: int
    duration_s: float | None


@dataclass(frozen=True)
class Final:
    """The student that a job ends with; accuracies are from 0 to 1.

    Attributes:
        trial: whose student it is.
        accuracy: on validation, as is the score.
        params_ratio: to the teacher, as is `macs_ratio`.
    """

    trial: int
    score: float
    accuracy: float
    test_accuracy: float
    params: int
    params_ratio: float
    macs: int
    macs_ratio: float


@dataclass(frozen=True)
class Run:
    """A job; seconds are since it began, where nothing else is said.

    Attributes:
        setting: hash of what all runs of one comparison share.
        code: hash of the project's own code.
        final_epochs: of the last student's training.
        planned_s: of AdaPruner, what its job was expected to take, but for what earlier ones told.
        since: when each state and stage of the job was first seen.
        wall_s: the whole job.
        around_s: seconds of starting the servers, uploading and checking, before the job.
        trials: all that ended, in this order.
        teacher: its accuracies on `validation` and `test`, and the `precision` and `threads` that
            trainings were given.
    """

    seed: int
    method: str
    setting: str
    code: str
    final_epochs: int
    planned_s: float | None
    since: Mapping[str, float]
    wall_s: float
    around_s: float
    trials: tuple[Ended, ...]
    final: Final
    teacher: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """What the run is of."""
        return Key(self.seed, self.method)

    @property
    def searching_s(self) -> float:
        """When the search began."""
        return self.since[SEARCHING]

    @property
    def finishing_s(self) -> float:
        """When the search was over, and the final training began."""
        return self.since[FINISHING]

    @property
    def testing_s(self) -> float:
        """When the final training was over."""
        return self.since[TESTING]

    @property
    def search_s(self) -> float:
        """Seconds of the search."""
        return self.finishing_s - self.searching_s

    @property
    def best(self) -> float:
        """The best score of the search."""
        return max(score for _, score in self.progress())

    def progress(self) -> list[tuple[float, float]]:
        """Returns the seconds and the score of each completed trial that was the best so far."""
        found: list[tuple[float, float]] = []
        for trial in self.trials:
            if trial.score is not None and (not found or trial.score > found[-1][1]):
                found.append((trial.ended_s, trial.score))
        return found

    def reaching_s(self, score: float) -> float | None:
        """Returns the seconds of the search until a score was reached; None if it wasn't."""
        reached = (ended_s for ended_s, best in self.progress() if best >= score)
        first = next(reached, None)
        return None if first is None else first - self.searching_s

    def to_json(self) -> dict[str, object]:
        """Returns the run as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Run:
        """Returns the run that `to_json` described.

        Raises:
            KeyError, TypeError: it is none.
        """
        trials = tuple(Ended(**trial) for trial in fields["trials"])
        return cls(**{**fields, "trials": trials, "final": Final(**fields["final"])})


def read_runs(file: Path, setting: str) -> dict[Key, Run]:
    """Returns the runs of a setting, the last one of each key; none if there is no file.

    Raises:
        ValueError: a line of JSON is no run; says which.
    """
    lines = file.read_text("utf-8").split("\n") if file.exists() else []
    runs: dict[Key, Run] = {}
    for number, line in enumerate(lines, 1):
        try:
            run = Run.from_json(json.loads(line))
        except json.JSONDecodeError:  # empty, or torn when the machine stopped
            continue
        except (TypeError, KeyError) as error:
            raise ValueError(f"{file}:{number}: {error!r}") from error
        if run.setting == setting:
            runs[run.key] = run
    return runs
