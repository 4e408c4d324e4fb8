"""Trials written to where people compare experiments; the search knows nothing of it.

Who follows a job logs each trial that has ended, once: what a log holds of a trial is whole or
isn't there, so following the same job again, after a crash or from elsewhere, adds what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from stillhouse.documents import UNFINISHED, JobStatus, Trial
from stillhouse.following import Look
from stillhouse.watching import Show

MEASURES = ("accuracy", "score", "latency_ms", "duration_s", "epochs")
COSTS = ("params", "macs", "bytes")


class TrialLog(Protocol):
    """Where ended trials are written."""

    name: str

    def write(self, job: JobStatus, trial: Trial) -> None:
        """Writes a trial that has ended, unless it is there already."""

    def close(self) -> None:
        """Ends the writing."""


def trial_logs(tensorboard: Path | None, mlflow: str | None) -> list[TrialLog]:
    """Returns the logs that are asked for.

    Raises:
        MissingPackage: A package that one takes isn't installed.
        UnusableLog: One can't be a log.
    """
    logs: list[TrialLog] = []
    if tensorboard is not None:
        from stillhouse.tensorboard_log import TensorBoardLog

        logs.append(TensorBoardLog(tensorboard))
    if mlflow is not None:
        from stillhouse.mlflow_log import MlflowLog

        logs.append(MlflowLog(mlflow))
    return logs


def from_environment(environment: Mapping[str, str]) -> list[TrialLog]:
    """Returns the logs that STILLHOUSE_TENSORBOARD and STILLHOUSE_MLFLOW ask for."""
    folder = environment.get("STILLHOUSE_TENSORBOARD")
    return trial_logs(
        Path(folder) if folder else None, environment.get("STILLHOUSE_MLFLOW") or None
    )


@contextmanager
def logged(logs: Sequence[TrialLog], say: Callable[[str], None]) -> Iterator[Show]:
    """Yields what writes the trials that have ended by a look; nothing of it ends the following.

    Args:
        logs: Where to write.
        say: Takes one line where a log can't be written; it is tried again with each look.
    """
    writers = [_Writer(log, say) for log in logs]

    def show(look: Look) -> None:
        for writer in writers:
            writer.take(look)

    try:
        yield show
    finally:
        for writer in writers:
            writer.close()


def measures(trial: Trial) -> dict[str, float]:
    """Returns what was measured of a trial, by name."""
    found = {name: getattr(trial, name) for name in MEASURES}
    return {name: float(value) for name, value in found.items() if value is not None}


def curve(trial: Trial) -> list[float]:
    """Returns a trial's accuracy after each epoch; nothing of one that was not trained."""
    return [float(accuracy) for accuracy in trial.document.get("curve") or ()]


class _Writer:
    """One log, and which trials it has been given."""

    def __init__(self, log: TrialLog, say: Callable[[str], None]) -> None:
        self._log = log
        self._say = say
        self._written: set[int] = set()
        self._told = False

    def take(self, look: Look) -> None:
        for trial in look.trials:
            if trial.state in UNFINISHED or trial.number in self._written:
                continue
            if not self._attempt(lambda trial=trial: self._log.write(look.status, trial)):  # type: ignore[misc]
                return
            self._written.add(trial.number)

    def close(self) -> None:
        self._attempt(self._log.close)

    def _attempt(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - of the log's packages, which raise many kinds
            if not self._told:
                self._told = True
                self._say(f"trials can't be logged to {self._log.name} for now: {error}")
            return False
        return True
