"""An API of its own process, and jobs in its database that no coordinator has."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.artifacts import Artifacts
from app.database import Database
from app.job_writer import JobWriter
from app.leases import claim
from app.records import StoredStudentFile, TeacherRecord
from app.settings import Settings
from benchmarks.api_process import running_api
from tests.app.samples import NEVER_S, RESULT, TEACHER, new_job, new_student, new_trial

EDITS: dict[str, Any] = {"widths": {"a": 4}, "removed": ["b"], "skips": [["input", "a"]]}


@dataclass(frozen=True)
class Site:
    """A server that runs, and what it keeps."""

    url: str
    database: Database
    artifacts: Artifacts

    def job(
        self, name: str = "a job", *, measured: TeacherRecord | None = TEACHER, **changes: object
    ) -> tuple[str, JobWriter]:
        """Returns a job that is held and prepared, without a trial; `measured` is its teacher."""
        job_id = new_job(self.database, name=name, **changes)
        while (lease := claim(self.database, "coordinator", NEVER_S)) and lease.job_id != job_id:
            pass  # a job that a visitor has submitted
        assert lease is not None
        writer = JobWriter(self.database, lease)
        graph = {"layers": [_layer("input", "input", 1), *map(_conv, "abc")], "tensors": {}}
        key = f"jobs/{job_id}/architecture.json"
        self.artifacts.put_bytes(key, json.dumps(graph).encode())
        if measured is not None:
            writer.record_teacher(replace(measured, architecture_key=key))
        writer.set_state("searching", "training students")
        return job_id, writer

    def finish_trial(self, writer: JobWriter, number: int, value: float, best: bool = True) -> str:
        """Adds a completed trial, and its student; returns the student's id."""
        writer.add_trials([replace(new_trial(number), edits=EDITS)], None)
        writer.trial_started(number)
        curve = (value - 0.2, value - 0.1, value)
        result = replace(RESULT, accuracy=value, score=value, curve=curve)
        writer.trial_completed(number, result)
        student = replace(
            new_student(self._files(number), trial=number), score=value, accuracy=value
        )
        return writer.add_student(student, best=best)

    def _files(self, number: int) -> tuple[StoredStudentFile, ...]:
        graph = {"layers": [_layer("input", "input", 1), _conv("a", 4), _conv("c")], "tensors": {}}
        contents = {"architecture.json": json.dumps(graph).encode(), "student.pt2": b"the student"}
        found = []
        for name, content in contents.items():
            stored = self.artifacts.put_bytes(f"students/{number}/{name}", content)
            found.append(StoredStudentFile(name, stored.key, stored.bytes, stored.sha256))
        return tuple(found)


def _conv(name: str, channels: int = 8) -> dict[str, object]:
    return _layer(name, "conv2d", channels)


def _layer(name: str, op: str, channels: int) -> dict[str, object]:
    return {"name": name, "op": op, "inputs": [], "shape": [channels, 8, 8]}


@contextmanager
def running_site(home: Path) -> Iterator[Site]:
    """Yields a server on a free port; it has ended when this is left."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STILLHOUSE_")}
    environment = inherited | {"STILLHOUSE_HOME": str(home), "STILLHOUSE_PORT": "0"}
    settings = Settings.from_environment(environment)
    database = Database(settings.database_url)
    database.upgrade()
    try:
        with running_api(environment) as (_, url, _):
            yield Site(url, database, Artifacts(settings.artifacts_url))
    finally:
        database.close()
