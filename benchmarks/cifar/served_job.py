"""One job on a server of its own, which nothing is left of: no trial is taken over from another."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cifar.runs import Ended, Final
from benchmarks.cifar.subject import Subject
from benchmarks.inherit.subject import NETWORK
from benchmarks.search.resumed import note
from stillhouse.client import Client
from stillhouse.documents import Document, Trial
from stillhouse.errors import StillhouseError
from stillhouse.following import Look, follow
from stillhouse.job import Job
from stillhouse.ports import free_port
from stillhouse.serving import Place, serving
from stillhouse.supervisor import Supervisor

ENDED = ("completed", "stopped", "failed")
GIVE_UP_AFTER = 5  # times in a row that a server dies


@dataclass
class Watched:
    """What was seen of a job while it was under way, half a second apart.

    Attributes:
        since: seconds since the job began, at which each state and stage was first seen.
        ended: each trial that has ended, by number.
        wall_s: seconds of the whole job.
    """

    since: dict[str, float] = field(default_factory=dict)
    ended: dict[int, Ended] = field(default_factory=dict)
    wall_s: float = 0.0

    @classmethod
    def of(cls, looks: Iterable[Look]) -> Watched:
        """Returns what was seen in all looks."""
        watched = cls()
        for look in looks:
            watched._see(look)
        return watched

    def _see(self, look: Look) -> None:
        self.wall_s = round(look.elapsed_s, 2)
        for name in (look.status.state, look.status.progress.stage):
            self.since.setdefault(name, round(look.elapsed_s, 2))
        for trial in look.trials:
            if trial.state in ENDED and trial.number not in self.ended:
                self.ended[trial.number] = _ended(trial, look.elapsed_s)


def _ended(trial: Trial, elapsed_s: float) -> Ended:
    score = trial.score if trial.state == "completed" else None
    ended_s, duration_s = round(elapsed_s, 2), trial.duration_s
    return Ended(trial.number, trial.state, ended_s, score, trial.params, duration_s)


@dataclass(frozen=True)
class Done:
    """A job that has succeeded.

    Attributes:
        around_s: seconds before it: the servers' start, uploads and checks.
        report: of its final student.
        final: that student.
    """

    watched: Watched
    around_s: float
    report: Mapping[str, Any]
    final: Final


def carry_out(subject: Subject, request_of: Callable[[str, str], Document]) -> Done:
    """Returns what became of a job that a new server with an empty home was given.

    Args:
        subject: is uploaded first.
        request_of: makes the job's request of the ids of the teacher and of the dataset.

    Raises:
        CannotServe: its servers don't come up.
        JobFailed: the job failed.
        StillhouseError: it was refused, or an upload was.
    """
    began = time.monotonic()
    with (
        TemporaryDirectory(prefix="stillhouse-bench-") as home,
        served(Path(home)) as (client, supervisor),
    ):
        teacher = client.upload_teacher(subject.teacher, network=NETWORK, show=note)
        dataset = client.upload_dataset(subject.archive)
        job = client.submit(request_of(teacher.id, str(dataset["id"])))
        around_s = time.monotonic() - began
        watched = Watched.of(follow(job, supervisor.watch))
        job.require_success()
        return _done(job, watched, around_s, Path(home) / "student")


@contextmanager
def served(home: Path) -> Iterator[tuple[Client, Supervisor]]:
    """Yields a client of what `stillhouse serve` starts on this machine."""
    kept = {x: y for x, y in os.environ.items() if not x.startswith(("STILLHOUSE_", "RAY_"))}
    place = Place(home, "127.0.0.1", free_port(), kept, quiet=True)
    with (
        serving(place, note, GIVE_UP_AFTER) as supervisor,
        Client(place.url, sleep=supervisor.watch) as client,
    ):
        try:
            yield client, supervisor
        except StillhouseError:
            log = place.logs / "coordinator.log"
            note(log.read_text("utf-8") if log.exists() else "the coordinator has no log")
            raise


def _done(job: Job, watched: Watched, around_s: float, folder: Path) -> Done:
    student = job.download(folder)
    report = json.loads((folder / "report.json").read_text())
    names = ("trial", "score", "accuracy", "test_accuracy")
    costs = ("params", "params_ratio", "macs", "macs_ratio")
    final = Final(**{name: student.document[name] for name in (*names, *costs)})
    return Done(watched, around_s, report, final)
