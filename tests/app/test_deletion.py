import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import job_commands
from app.artifacts import Artifacts
from app.database import Database
from app.datasets import create_dataset
from app.deletion import delete_dataset, delete_embedding, delete_job, delete_teacher
from app.embeddings import list_embeddings
from app.errand_leases import claim_errand
from app.errand_records import NewTeacher
from app.estimates import create_estimate
from app.ids import DATASET, TEACHER, new_id
from app.leftovers import delete_leftovers
from app.problems import Conflict, Invalid, NotFound
from app.records import NewDataset, NewEmbedding, StoredStudentFile
from app.requests import JobRequest
from app.submission import JobLimits, submit
from app.tables import Job, JobSurrogate, JobTeacher, Student, StudentFile, Table, Teacher, Trial
from app.teachers import create_teacher
from tests.app.samples import NEVER_S, REQUEST, new_job, new_student, searching_job

Delete = Callable[[Database, Artifacts, str], None]


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(f"file://{tmp_path}/artifacts")


def new_dataset(database: Database, artifacts: Artifacts) -> str:
    name = new_id(DATASET)
    stored = artifacts.put_bytes(f"datasets/{name}.npz", b"images")
    with database.write() as session:
        summary = {"classes": ["a"], "class_counts": [1]}
        create_dataset(session, name, NewDataset("x", stored.key, stored.sha256, 6, summary))
    return name


def new_teacher(database: Database, artifacts: Artifacts) -> str:
    name = new_id(TEACHER)
    stored = artifacts.put_bytes(f"teachers/{name}/onnx", b"teacher")
    artifacts.put_bytes(f"teachers/{name}/checked-1/weights.safetensors", b"weights")
    with database.write() as session:
        new = NewTeacher("x", "onnx", None, {"onnx": stored}, None, None)
        create_teacher(session, name, new)
    return name


def ended_job(database: Database, artifacts: Artifacts) -> tuple[str, str]:
    """Returns a job with something in every table and folder, and its embedding."""
    lease, writer = searching_job(database)
    artifacts.put_bytes(f"jobs/{lease.job_id}/trials/0.safetensors", b"weights")
    page = artifacts.put_bytes(f"jobs/{lease.job_id}/students/a/report.html", b"page")
    file = StoredStudentFile("report.html", page.key, page.bytes, page.sha256)
    writer.add_student(new_student((file,)), best=True)
    writer.record_surrogate({})
    artifacts.put_bytes(f"embeddings/{lease.job_id}-1.safetensors", b"embedding")
    embedding = NewEmbedding(
        f"embeddings/{lease.job_id}-1.safetensors", "0", 9, "zoo/resnet20", "digits", 1, 8, {}
    )
    writer.finish("succeeded", embedding=embedding)
    with database.read() as session:
        return lease.job_id, list_embeddings(session, 1, None).items[0].id


def rows(database: Database, *tables: type[Table]) -> list[int]:
    with database.read() as session:
        return [session.scalars(select(func.count()).select_from(one)).one() for one in tables]


def stored(artifacts: Artifacts) -> list[str]:
    return sorted(file.key for file in artifacts.files())


def test_a_job_goes_with_all_that_it_had(database: Database, artifacts: Artifacts) -> None:
    job, embedding = ended_job(database, artifacts)
    other, _ = ended_job(database, artifacts)
    delete_job(database, artifacts, job)
    assert rows(database, Job, JobTeacher, JobSurrogate, Trial, Student, StudentFile) == [
        1, 1, 1, 3, 1, 1
    ]  # fmt: skip
    assert len(stored(artifacts)) == 3
    assert all(other in key for key in stored(artifacts))
    for gone, delete in ((job, delete_job), (embedding, delete_embedding)):
        with pytest.raises(NotFound):
            delete(database, artifacts, gone)
    assert delete_leftovers(database, artifacts, job) == 0


def test_a_job_that_has_not_ended_stays(database: Database, artifacts: Artifacts) -> None:
    job = new_job(database)
    for command in (None, job_commands.pause):
        if command is not None:
            with database.write() as session:
                command(session, job)
        with pytest.raises(Conflict, match="only a job that has ended"):
            delete_job(database, artifacts, job)
    assert rows(database, Job) == [1]


def test_an_embedding_goes_and_its_job_stays(database: Database, artifacts: Artifacts) -> None:
    job, embedding = ended_job(database, artifacts)
    delete_embedding(database, artifacts, embedding)
    assert [key for key in stored(artifacts) if key.startswith("embeddings")] == []
    assert rows(database, Job, Student) == [1, 1]
    delete_job(database, artifacts, job)
    assert stored(artifacts) == []


@pytest.mark.parametrize("kind", ["dataset", "teacher", "embedding", "embedding's job"])
@pytest.mark.parametrize("user", ["job", "paused job", "estimate"])
def test_what_something_unfinished_uses_stays(
    database: Database, artifacts: Artifacts, kind: str, user: str
) -> None:
    thing, delete, changes = _thing(database, artifacts, kind)
    request = JobRequest.model_validate(REQUEST | changes)
    if user == "estimate":
        with database.write() as session:
            name = create_estimate(session, request.to_json())
    else:
        name = new_job(database, **changes)
    if user == "paused job":
        with database.write() as session:
            job_commands.pause(session, name)
    before = stored(artifacts)
    with pytest.raises(Conflict, match=name):
        delete(database, artifacts, thing)
    assert stored(artifacts) == before != []
    if user != "estimate":
        with database.write() as session:
            job_commands.cancel(session, name)
        delete(database, artifacts, thing)
        assert [key for key in stored(artifacts) if thing in key] == []


def _thing(
    database: Database, artifacts: Artifacts, kind: str
) -> tuple[str, Delete, dict[str, object]]:
    """Returns a thing of a kind, what deletes it, and a request's fields that name it."""
    if kind == "dataset":
        dataset = new_dataset(database, artifacts)
        return dataset, delete_dataset, {"dataset": {"id": dataset}}
    if kind == "teacher":
        teacher = new_teacher(database, artifacts)
        return teacher, delete_teacher, {"teacher": {"id": teacher}}
    job, embedding = ended_job(database, artifacts)
    search: dict[str, object] = {"search": {"embedding": {"from": embedding}}}
    return (
        (embedding, delete_embedding, search) if kind == "embedding" else (job, delete_job, search)
    )


def test_a_teacher_under_its_check_stays(database: Database, artifacts: Artifacts) -> None:
    teacher = new_teacher(database, artifacts)
    assert claim_errand(database, "coordinator", NEVER_S) is not None
    with pytest.raises(Conflict, match="being checked"):
        delete_teacher(database, artifacts, teacher)
    with database.write() as session:
        row = session.get(Teacher, teacher)
        assert row is not None
        row.lease_until = None
    delete_teacher(database, artifacts, teacher)
    assert stored(artifacts) == []
    assert rows(database, Teacher) == [0]


def test_many_users_are_not_all_named(sqlite_database: Database, artifacts: Artifacts) -> None:
    dataset = new_dataset(sqlite_database, artifacts)
    for _ in range(5):
        new_job(sqlite_database, dataset={"id": dataset})
    with pytest.raises(Conflict, match="and 2 more"):
        delete_dataset(sqlite_database, artifacts, dataset)


def test_files_that_stay_are_no_reason_to_fail(
    sqlite_database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dataset = new_dataset(sqlite_database, artifacts)

    def fail(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr(artifacts, "delete", fail)
    delete_dataset(sqlite_database, artifacts, dataset)
    assert "db prune" in caplog.text


def test_nothing_is_deleted_under_a_job_that_comes_at_the_same_moment(
    database: Database, artifacts: Artifacts
) -> None:
    dataset = new_dataset(database, artifacts)
    together = threading.Barrier(2)
    refused: list[str] = []

    def attempt(name: str, action: Callable[[], object], refusal: type[Exception]) -> None:
        together.wait(30)
        try:
            action()
        except refusal:
            refused.append(name)

    wanted = JobRequest.model_validate(REQUEST | {"dataset": {"id": dataset}})
    actions = [
        ("submit", lambda: submit(database, wanted, JobLimits(9, 0)), Invalid),
        ("delete", lambda: delete_dataset(database, artifacts, dataset), Conflict),
    ]
    threads = [threading.Thread(target=attempt, args=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
