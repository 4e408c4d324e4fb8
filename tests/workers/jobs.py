"""Jobs to work on, and a pool that runs their calls in this process."""

import io
import json
import threading
import traceback
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import select

from app.artifacts import Artifacts
from app.database import Database
from app.datasets import create_dataset
from app.ids import DATASET, new_id
from app.jobs import create_job, get_job
from app.leases import claim
from app.records import JobRecord, NewDataset, TrialRecord
from app.requests import JobRequest
from app.tables import Job, JobTeacher
from app.trials import list_trials
from networks import Architecture, LatencySetting, architecture_costs
from tests.workers.samples import two_digits
from workers.answers import TeacherAnswers
from workers.data import Dataset, Labelled, TrainingData
from workers.latency_measurement import Measurement
from workers.measuring import measure
from workers.pool import Failure, Finished, Placed, Pool
from workers.preparation import prepare
from workers.student import student_architecture, student_module
from workers.student_files import StudentFiles, TrainedStudent
from workers.teacher import Teacher
from workers.work import Work

T = TypeVar("T")
NEVER_S = 3600.0
TRAINING = {"teacher_epochs": 6, "search_epochs": 1, "final_epochs": 1, "final_students": 1}
SEARCH = {"strategy": "random", "evaluations": 3, "parallel": 2}


@dataclass
class InlinePool(Pool):
    """Runs one call at each `wait` that lasts, the oldest first.

    Attributes:
        before: called with a call's key before it runs; what it returns takes the call's place.
        sent: keys of all calls ever sent.
    """

    before: Callable[[Hashable], object | None] = lambda _: None
    sent: list[Hashable] = field(default_factory=list)
    waiting: list[tuple[Hashable, Callable[[], object]]] = field(default_factory=list)

    def place(self, value: T) -> Placed[T]:
        return Placed(value)

    def threads(self, parallel: int) -> int:  # noqa: ARG002 - as of Pool
        return 1

    def cores(self) -> int:
        return 2

    def send(
        self,
        key: Hashable,
        function: Callable[..., object],
        *arguments: object,
        threads: int = 1,  # noqa: ARG002
        again: bool = True,  # noqa: ARG002
        exactly: bool = False,  # noqa: ARG002
    ) -> None:
        plain = [x.reference if isinstance(x, Placed) else x for x in arguments]
        self.sent.append(key)
        self.waiting.append((key, lambda: function(*plain)))

    def wait(self, timeout_s: float) -> list[Finished]:
        if not timeout_s:
            return []
        key, call = self.waiting.pop(0)
        value = self.before(key)
        if value is None:
            try:
                value = call()
            except Exception as error:  # noqa: BLE001 - as the pool does
                value = Failure(type(error).__name__, str(error), traceback.format_exc())
        return [Finished(key, value, 1)]

    def under_way(self) -> set[Hashable]:
        return {key for key, _ in self.waiting}

    def cancel(self) -> None:
        self.cancelled = True
        self.waiting.clear()


def add_dataset(database: Database, artifacts: Artifacts, dataset: Dataset) -> str:
    """Uploads a dataset of one channel, past the API; returns its id."""
    dataset_id = new_id(DATASET)
    file = io.BytesIO()
    scaled = (dataset.images[:, 0] * (255 / dataset.scale)).astype(np.uint8)
    np.savez(file, images=scaled, labels=dataset.labels)
    stored = artifacts.put_bytes(f"datasets/{dataset_id}.npz", file.getvalue())
    new = NewDataset(dataset.name, stored.key, stored.sha256, stored.bytes, {})
    with database.write() as session:
        create_dataset(session, dataset_id, new)
    return dataset_id


def add_job(
    database: Database,
    artifacts: Artifacts,
    images: Dataset | None = None,
    *,
    trained: bool = True,
    **changes: Mapping[str, object],
) -> str:
    """Submits a small job, past the API; parts given are merged into the defaults.

    Without images of its own it is on those of the finished job that every home begins with, whose
    teacher it has too, if it is to be `trained`.
    """
    template = first_job(database)
    dataset_id = template.request.dataset.id if template else None
    if images is not None or template is None:
        dataset_id = add_dataset(database, artifacts, images or two_digits())
    request: dict[str, Any] = {
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"id": dataset_id},
        "training": TRAINING,
        "search": SEARCH,
    }
    for name, part in changes.items():
        request[name] = {**request.get(name, {}), **part}
    with database.write() as session:
        job_id = create_job(session, JobRequest.model_validate(request))
        if trained and images is None and template is not None and template.teacher is not None:
            session.add(JobTeacher(job_id=job_id, **asdict(template.teacher)))
    return job_id


def first_job(database: Database) -> JobRecord | None:
    """Returns the oldest job, which is cancelled and has a trained teacher."""
    with database.read() as session:
        oldest = session.scalar(select(Job.id).order_by(Job.created_at).limit(1))
        return None if oldest is None else get_job(session, oldest)


def make_home(folder: Path) -> None:
    """Fills a folder as `STILLHOUSE_HOME`, with a cancelled job that has a trained teacher."""
    database, artifacts = open_home(folder)
    database.upgrade()
    job_id = add_job(database, artifacts)
    work = claimed_work(database, artifacts, job_id)
    prepare(work)
    work.writer.finish("cancelled")
    database.close()


def open_home(folder: Path) -> tuple[Database, Artifacts]:
    """Returns the database and the artifacts in a folder."""
    return Database(f"sqlite:///{folder}/stillhouse.db"), Artifacts(f"file://{folder}/artifacts")


def held_work(
    database: Database,
    artifacts: Artifacts,
    pool: Pool | None = None,
    *,
    trained: bool = True,
    **changes: Mapping[str, object],
) -> Work:
    """Returns a new small job in the hands of a coordinator."""
    job_id = add_job(database, artifacts, None, trained=trained, **changes)
    return claimed_work(database, artifacts, job_id, pool)


def claimed_work(
    database: Database, artifacts: Artifacts, job_id: str, pool: Pool | None = None
) -> Work:
    """Returns the job in the hands of another coordinator than before."""
    lease = claim(database, "coordinator", NEVER_S)
    assert lease is not None
    assert lease.job_id == job_id
    job = read_job(database, job_id)
    lost, stop = threading.Event(), threading.Event()
    return Work(job, lease, database, artifacts, pool or InlinePool(), lost, stop)


def read_job(database: Database, job_id: str) -> JobRecord:
    with database.read() as session:
        return get_job(session, job_id)


def read_trials(database: Database, job_id: str) -> list[TrialRecord]:
    with database.read() as session:
        return list_trials(session, job_id)


def pointers(error: Mapping[str, Any] | None) -> list[str]:
    """Returns the fields that a problem names."""
    assert error is not None
    return [one["pointer"] for one in error.get("errors", [])]


def quick_student_files(
    data: TrainingData,
    teacher: Teacher,
    student: TrainedStudent,
    test: Labelled | None = None,
    answers: TeacherAnswers | None = None,  # noqa: ARG001 - as of make_student_files
) -> StudentFiles:
    """Takes the place of `make_student_files`: measures as it does, but exports nothing."""
    module = student_module(teacher, student.edits, student.weights)
    accuracy = measure(module, data.validation, data.preprocessing)
    test_accuracy = None if test is None else measure(module, test, data.preprocessing)
    report = json.dumps(student.report).encode()
    architecture = student_architecture(teacher, student.edits).to_json()
    latency = quick_latency(architecture, student.latency)
    return StudentFiles({"report.json": report}, accuracy, test_accuracy, latency)


def quick_latency(architecture: str, setting: LatencySetting) -> Measurement:  # noqa: ARG001
    """Takes the place of `measure_architecture`: a millisecond for each million MACs."""
    return measurement(int(architecture_costs(Architecture.from_json(architecture)).macs) / 1e6)


def measurement(median_ms: float) -> Measurement:
    """Returns a measurement whose runs hardly differ."""
    return Measurement(median_ms, 0.9 * median_ms, 1.1 * median_ms, 100, "cpu", "a processor")
