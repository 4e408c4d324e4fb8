"""What users have done before: jobs that ended, with trials, students and files of theirs."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from app.api_keys import create_key, list_keys
from app.artifacts import Artifacts
from app.database import Database
from app.job_commands import cancel
from app.job_writer import JobWriter
from app.jobs import create_job
from app.leases import claim
from app.records import NewStudent, NewTrial, StoredStudentFile, TeacherRecord, TrialResult
from app.requests import JobRequest
from app.visitor import Visitor
from benchmarks.api.mix import User

_TRIALS = 60
_OTHER_JOBS = 24  # that were cancelled: a second page of the list
_FILE_BYTES = 1_100_000  # as a ResNet-20's student.pt2 and its weights have
_FILES = ("student.pt2", "student.onnx", "student.safetensors", "architecture.json")
_REQUEST = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
_WIDTHS = 20  # that the edits of a ResNet-20's student name
_FIRST_WEIGHT = 2.0  # of the user whose search is live, who looks more often


def users_with_a_past(database: Database, artifacts: Artifacts, number: int) -> list[User]:
    """Returns users, each with a key of its own, on record with what they did before.

    Args:
        database: migrated, and empty.
        artifacts: where their files go.
        number: how many.
    """
    architecture = _architecture()
    users = []
    for n in range(number):
        key, owners = _new_key(database, f"user-{n}")
        job, file = _past_job(database, owners, artifacts, architecture)
        with owners.write() as session:
            for _ in range(_OTHER_JOBS):
                cancel(session, create_job(session, _request(f"an idea of user {n}")))
        users.append(User(key, (job,), None, file, _FILE_BYTES, _FIRST_WEIGHT if n == 0 else 1.0))
    return users


def _new_key(database: Database, name: str) -> tuple[str, Database]:
    """Returns a new key, and the database as its holder sees it."""
    until = datetime.now(UTC) + timedelta(days=1)
    with database.write() as session:
        key = create_key(session, name, ("read", "submit"), until)
    with database.read() as session:
        key_id = next(one.id for one in list_keys(session) if one.name == name)
    return key, database.seen_by(Visitor(key_id, name, frozenset({"read", "submit"})))


def _past_job(
    database: Database, owners: Database, artifacts: Artifacts, architecture: bytes
) -> tuple[str, str]:
    """Returns the id of a job that succeeded, and the path of a file of its best student."""
    with owners.write() as session:
        job_id = create_job(session, _request("digits on a phone"))
    lease = claim(database, "past", 3600)
    assert lease is not None
    writer = JobWriter(database, lease)
    writer.set_state("searching", "searching")
    graph = artifacts.put_bytes(f"jobs/{job_id}/architecture.json", architecture)
    writer.record_teacher(_teacher(graph.key))
    writer.add_trials(list(_trials()), None)
    for number in range(_TRIALS):
        writer.trial_started(number)
        curve = (0.61, 0.74, 0.81, 0.86, 0.88)
        result = TrialResult(0.9 + number / 1000, 0.95, 5, 10.0, f"jobs/{job_id}/{number}", curve)
        writer.trial_completed(number, result)
    stored = artifacts.put_bytes(f"students/{job_id}/student.pt2", secrets.token_bytes(_FILE_BYTES))
    files = tuple(
        StoredStudentFile(name, stored.key, stored.bytes, stored.sha256) for name in _FILES
    )
    student = NewStudent(0, True, 0.97, 0.96, 0.95, 9000, 10**6, 36_000, files)
    student_id = writer.add_student(student, best=True)
    writer.finish("succeeded")
    return job_id, f"/v1/students/{student_id}/files/{_FILES[0]}"


def _architecture() -> bytes:
    """Returns the graph that a job's teacher has."""
    import torch  # here, as the processes that ask and follow import this module's users

    from networks import network, trace

    module = network("zoo/resnet20", classes=10, channels=1)
    return trace(module, torch.zeros(1, 1, 8, 8)).architecture.to_json().encode()


def _request(name: str) -> JobRequest:
    return JobRequest.model_validate({"name": name, **_REQUEST})


def _teacher(architecture_key: str) -> TeacherRecord:
    return TeacherRecord(
        params=272_186,
        macs=2_500_000,
        bytes=1_100_000,
        accuracy=0.98,
        test_accuracy=None,
        weights_key="weights",
        architecture_key=architecture_key,
        splits_key="splits",
        precision={},
        preprocessing={},
    )


def _trials() -> Iterator[NewTrial]:
    for n in range(_TRIALS):
        widths = {f"layer{w // 6}.{w % 3}.conv{w % 2}": 8 + (w * n) % 56 for w in range(_WIDTHS)}
        yield NewTrial(n, f"hash {n}", {"widths": widths}, 9000 + n, 10**6 - n, 36_000, n)
