"""Jobs, trials and students for the tests to work on."""

from dataclasses import asdict

from app.database import Database
from app.job_writer import JobWriter
from app.jobs import create_job
from app.leases import Lease, claim
from app.records import NewStudent, NewTrial, StoredStudentFile, TeacherRecord, TrialResult
from app.requests import JobRequest
from app.tables import Trial

REQUEST: dict[str, object] = {
    "teacher": {"network": "zoo/resnet20"},
    "dataset": {"name": "digits"},
}
NEVER_S = 3600.0


def new_job(database: Database, **changes: object) -> str:
    with database.write() as session:
        return create_job(session, JobRequest.model_validate(REQUEST | changes))


def held_job(database: Database, **changes: object) -> tuple[Lease, JobWriter]:
    """Returns the lease and the writer of a new job that a coordinator holds."""
    job_id = new_job(database, **changes)
    lease = claim(database, "coordinator", NEVER_S)
    assert lease is not None
    assert lease.job_id == job_id
    return lease, JobWriter(database, lease)


def searching_job(database: Database) -> tuple[Lease, JobWriter]:
    """Returns the same of a job with a teacher and three trials: completed, running, queued."""
    lease, writer = held_job(database)
    writer.set_state("searching", "searching")
    writer.record_teacher(TEACHER)
    writer.add_trials([new_trial(number) for number in range(3)], "proposer")
    writer.trial_started(0)
    writer.trial_completed(0, RESULT)
    writer.trial_started(1)
    return lease, writer


def new_trial(number: int) -> NewTrial:
    return NewTrial(number, f"hash {number}", {"widths": {"a": number}}, 200, 3000, 900, 7)


def completed_trial(job_id: str, number: int) -> Trial:
    """Returns a row of its own, that no other trial beats, past `JobWriter`: for very many."""
    fields = asdict(new_trial(number)) | asdict(RESULT)
    fields |= {"macs": 3000 - number, "accuracy": 0.9 - number / 1000}
    return Trial(job_id=job_id, state="completed", **fields)


def new_student(
    files: tuple[StoredStudentFile, ...] = (), *, trial: int = 0, final: bool = False
) -> NewStudent:
    return NewStudent(trial, final, 0.9, None, 0.97, 200, 3000, 900, files)


RESULT = TrialResult(accuracy=0.9, score=0.97, epochs=5, duration_s=1.5, weights_key="weights")
TEACHER = TeacherRecord(
    params=1000,
    macs=10_000,
    bytes=4000,
    accuracy=0.95,
    test_accuracy=None,
    weights_key="teacher",
    architecture_key="architecture",
    splits_key="splits",
    precision={"dtype": "float32"},
    preprocessing={"scale": 16.0},
)
