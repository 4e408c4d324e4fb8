import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialRecord
from app.tables import Job
from tests.workers.jobs import held_work, quick_student_files, read_job, read_trials
from workers.finishing import finish_students
from workers.preparation import prepare
from workers.search import Search
from workers.tidying import delete_checkpoints, delete_spare_weights


@pytest.fixture
def succeeded(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, list[TrialRecord], int]:
    """A job that has succeeded, its trials, and the number of the one that became a student."""
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    monkeypatch.setattr("workers.search.BestSoFar.offer", lambda *_: None)
    work = held_work(database, artifacts)
    prepared = prepare(work)
    Search(work, prepared).run()
    finish_students(work, prepared)
    work.writer.finish("succeeded")
    trials = read_trials(database, work.job.id)
    best = max(trials, key=lambda t: (t.score or 0, -t.params))
    return work.job.id, trials, best.number


def test_weights_of_students_alone_are_kept(
    succeeded: tuple[str, list[TrialRecord], int], database: Database, artifacts: Artifacts
) -> None:
    job_id, trials, best = succeeded
    delete_spare_weights(database, artifacts, job_id)
    left = [t.number for t in trials if artifacts.exists(str(t.weights_key))]
    assert len(trials) == 3
    assert left == [best]


def test_of_an_uploaded_teacher_all_are_kept_for_the_next_job(
    succeeded: tuple[str, list[TrialRecord], int], database: Database, artifacts: Artifacts
) -> None:
    job_id, trials, _ = succeeded
    with database.write() as session:
        job = session.get(Job, job_id)
        assert job is not None
        job.request = job.request | {"teacher": {"id": "tch_1"}}
    delete_spare_weights(database, artifacts, job_id)
    assert all(artifacts.exists(str(trial.weights_key)) for trial in trials)


def test_checkpoints_go_when_the_job_has_ended(
    artifacts: Artifacts, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ["jobs/job_1/checkpoints/3", "jobs/job_1/checkpoints/3.killed.part"]
    kept = ["jobs/job_1/trials/3", "jobs/job_2/checkpoints/3"]
    for key in keys + kept:
        artifacts.put_bytes(key, b"on the way")
    delete_checkpoints(artifacts, "job_1")
    delete_checkpoints(artifacts, "job_1")
    assert [artifacts.exists(key) for key in keys + kept] == [False, False, True, True]

    def refuse(_: str) -> None:
        raise PermissionError("refused")

    monkeypatch.setattr(artifacts, "delete_folder", refuse)
    delete_checkpoints(artifacts, "job_2")
    assert "not all checkpoints were deleted" in caplog.text


def test_storage_that_fails_costs_the_ended_job_nothing(
    succeeded: tuple[str, list[TrialRecord], int],
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_: str) -> None:
        raise PermissionError("refused")

    monkeypatch.setattr(artifacts, "delete", refuse)
    delete_spare_weights(database, artifacts, succeeded[0])
    assert "not all spare weights were deleted" in caplog.text
    assert read_job(database, succeeded[0]).state == "succeeded"
