"""The demonstration: a real teacher, a real search and a student's files, on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from stillhouse.client import Client
from stillhouse.errors import StillhouseError
from stillhouse.following import follow
from stillhouse.job import Job
from stillhouse.ports import free_port
from stillhouse.serving import Place, program, serving
from stillhouse.supervisor import Supervisor
from stillhouse.watching import save_picture, watch

REQUEST: dict[str, Any] = {
    "name": "digits demo",
    "teacher": {"network": "zoo/resnet20"},
    "dataset": {"name": "digits"},
    "objective": {"kind": "score"},
    "constraints": {"params_ratio": 0.05},
    "search": {"strategy": "embedding", "evaluations": 24, "parallel": 2, "seed": 0},
    "training": {"final_students": 2},
}

# A server that dies this often in a row won't come up; nobody wants to watch that.
_GIVE_UP_AFTER = 5


class DemoFailed(StillhouseError):
    """Raised when the job succeeded and what comes after it doesn't work."""


@dataclass(frozen=True)
class Result:
    """What the demonstration ends with; accuracies and ratios are from 0 to 1."""

    job: str
    score: float
    accuracy: float
    test_accuracy: float
    teacher_test_accuracy: float
    params_ratio: float
    evaluations: int
    wall_s: float
    directory: str


def run(
    directory: Path,
    environment: Mapping[str, str],
    console: Console,
    svg: Path | None,
    home: Path | None = None,
) -> Result:
    """Returns the result of one demonstration, whose student's files and test data are in place.

    Args:
        directory: Where the files go.
        environment: What the servers inherit, our own settings left out.
        console: Where it is watched.
        svg: Where to save the last picture.
        home: The servers'; `home` in the directory by default.

    Raises:
        CannotServe: The servers don't come up.
        JobFailed: The job fails.
        DemoFailed: The test data can't be written.
    """
    started = time.monotonic()
    place = _place(home or directory / "home", environment)
    console.print(f"starting servers in {place.home}", markup=False)
    with _served(place, console) as supervisor, Client(place.url, sleep=supervisor.watch) as client:
        for left in (job for job in client.jobs() if not job.status.finished):
            left.cancel()
        job = client.submit(REQUEST)
        look = watch(follow(job, supervisor.watch, every_s=0), console)
        if svg is not None:
            save_picture(look, svg)
        job.require_success()
        job.download(directory)
        _write_test_split(place, job, directory / "test.pt")
    return _result(job, directory, time.monotonic() - started)


def _place(home: Path, environment: Mapping[str, str]) -> Place:
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("STILLHOUSE_", "RAY_"))
    }
    return Place(home, "127.0.0.1", free_port(), kept, quiet=True)


@contextmanager
def _served(place: Place, console: Console) -> Iterator[Supervisor]:
    def report(line: str) -> None:
        console.print(line, markup=False)

    with serving(place, report, _GIVE_UP_AFTER) as supervisor:
        yield supervisor


def _write_test_split(place: Place, job: Job, path: Path) -> None:
    command = [*program("workers.test_split"), job.id, str(path)]
    environment = place.server_environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        msg = f"the test split can't be written: {done.stderr.strip()}"
        raise DemoFailed(msg)


def _result(job: Job, directory: Path, wall_s: float) -> Result:
    best, report = job.status.best, json.loads((directory / "report.json").read_text())
    if best is None:
        msg = f"{job.id} succeeded without a best student"
        raise DemoFailed(msg)
    progress = job.status.progress
    return Result(
        job=job.id,
        score=best.score,
        accuracy=best.accuracy,
        test_accuracy=float(report["student"]["test_accuracy"]),
        teacher_test_accuracy=float(report["teacher"]["test_accuracy"]),
        params_ratio=best.params_ratio,
        evaluations=progress.tried,
        wall_s=round(wall_s, 1),
        directory=str(directory),
    )


def summary(result: Result) -> str:
    """Returns the result in words, as rich markup."""
    kept = result.test_accuracy / result.teacher_test_accuracy
    return (
        f"\nIn {result.wall_s:.0f} s and {result.evaluations} trials the teacher became a student "
        f"with [bold]{result.params_ratio:.2%}[/] of its parameters\n"
        f"that keeps [bold]{kept:.1%}[/] of its test accuracy: {result.test_accuracy:.2%} of "
        f"{result.teacher_test_accuracy:.2%}, on images that neither training nor search saw.\n"
        f"All of it, with plots, is to be read in {result.directory}/report.html.\n\n"
        f"Its files load without Stillhouse, with torch alone:\n\n"
        f'  cd {result.directory} && {sys.executable} -c "import torch; '
        f"t = torch.load('test.pt'); m = torch.export.load('student.pt2').module(); "
        f"print((m(t\\['x']).argmax(1) == t\\['y']).float().mean())\"\n"
    )


def result_line(result: Result) -> str:
    """Returns the line that programs read: `RESULT` and a JSON object."""
    return "RESULT " + json.dumps(asdict(result))
