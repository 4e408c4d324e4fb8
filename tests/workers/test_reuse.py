from collections.abc import Mapping

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.leftovers import delete_leftovers
from app.records import TrialRecord, TrialSource
from app.tables import Teacher, Trial
from tests.workers.jobs import (
    InlinePool,
    first_job,
    held_work,
    quick_student_files,
    read_job,
    read_trials,
)
from tests.workers.teachers import add_teacher
from workers.finishing import finish_students
from workers.precision import Precision
from workers.preparation import prepare
from workers.reuse import reuse_results
from workers.search import Search
from workers.work import Work


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    monkeypatch.setattr("workers.teacher.choose_precision", lambda *_: Precision())


@pytest.fixture
def teacher_id(database: Database, artifacts: Artifacts) -> str:
    """An uploaded teacher that is ready: the one that the home's first job has trained."""
    job = first_job(database)
    assert job is not None
    assert job.teacher is not None
    files = {
        "architecture": artifacts.read_bytes(job.teacher.architecture_key),
        "weights": artifacts.read_bytes(job.teacher.weights_key),
    }
    teacher_id = add_teacher(database, artifacts, files)
    with database.write() as session:
        row = session.get(Teacher, teacher_id)
        assert row is not None
        row.state = "ready"
        row.architecture_key = f"teachers/{teacher_id}/architecture"
        row.weights_key = f"teachers/{teacher_id}/weights"
    return teacher_id


def _work(
    database: Database, artifacts: Artifacts, teacher_id: str, **parts: Mapping[str, object]
) -> Work:
    teacher = {"network": None, "id": teacher_id}
    return held_work(database, artifacts, None, trained=False, teacher=teacher, **parts)


def _searched(
    database: Database, artifacts: Artifacts, teacher_id: str, **parts: Mapping[str, object]
) -> tuple[Work, list[TrialRecord]]:
    work = _work(database, artifacts, teacher_id, **parts)
    Search(work, prepare(work)).run()
    work.writer.finish("succeeded")
    delete_leftovers(database, artifacts, work.job.id)
    return work, read_trials(database, work.job.id)


def _trained(work: Work) -> list[object]:
    """Returns the numbers of the trials that were sent to be trained."""
    assert isinstance(work.pool, InlinePool)
    return [key for key in work.pool.sent if isinstance(key, int)]


def test_a_second_job_on_an_uploaded_teacher_trains_nothing_that_the_first_did(
    database: Database, artifacts: Artifacts, teacher_id: str
) -> None:
    first, known = _searched(database, artifacts, teacher_id)
    second, found = _searched(database, artifacts, teacher_id)
    assert (_trained(first), _trained(second)) == ([0, 1, 2], [])
    assert [t.state for t in found] == ["completed"] * 3
    assert [(t.hash, t.accuracy, t.score, t.epochs, t.seed) for t in found] == [
        (t.hash, t.accuracy, t.score, t.epochs, t.seed) for t in known
    ]
    assert [t.duration_s for t in found] == [0.0] * 3
    assert [t.reused_from for t in known] == [None] * 3
    assert [t.reused_from for t in found] == [TrialSource(first.job.id, n) for n in range(3)]
    assert read_job(database, second.job.id).best_student_id is not None


def test_weights_are_copied_so_that_either_job_can_go(
    database: Database, artifacts: Artifacts, teacher_id: str
) -> None:
    _, known = _searched(database, artifacts, teacher_id)
    weights = [artifacts.read_bytes(str(trial.weights_key)) for trial in known]
    work = _work(database, artifacts, teacher_id)
    prepared = prepare(work)
    Search(work, prepared).run()
    found = read_trials(database, work.job.id)
    for trial in known:
        artifacts.delete(str(trial.weights_key))
    assert [artifacts.read_bytes(str(trial.weights_key)) for trial in found] == weights
    finish_students(work, prepared)
    assert len(_trained(work)) == 2  # one student's final training, and its files


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"search_epochs": 2}},
        {"training": {"loss": "kl"}},
        {"training": {"temperature": 2.0}},
    ],
)
def test_by_another_recipe_everything_is_trained(
    changes: Mapping[str, Mapping[str, object]],
    database: Database,
    artifacts: Artifacts,
    teacher_id: str,
) -> None:
    _searched(database, artifacts, teacher_id)
    second, found = _searched(database, artifacts, teacher_id, **changes)
    assert sorted(map(str, _trained(second))) == ["0", "1", "2"]
    assert [t.reused_from for t in found] == [None] * 3


def test_another_job_s_seed_doesn_t_matter_where_its_students_are_the_same(
    database: Database, artifacts: Artifacts, teacher_id: str
) -> None:
    _, known = _searched(database, artifacts, teacher_id)
    work = _work(database, artifacts, teacher_id, search={"seed": 5})
    prepared = prepare(work)
    assert prepared.recipe_hash
    search = Search(work, prepared)
    search._propose([], 2)
    with database.write() as session:
        row = session.get(Trial, (work.job.id, 0))
        assert row is not None
        row.hash, row.edits = known[1].hash, dict(known[1].edits)
    assert reuse_results(work, prepared, read_trials(database, work.job.id))
    taken, other = read_trials(database, work.job.id)
    assert (taken.state, taken.seed, taken.accuracy) == (
        "completed",
        known[1].seed,
        known[1].accuracy,
    )
    assert other.state == "queued"
    assert not reuse_results(work, prepared, read_trials(database, work.job.id))


def test_equal_structures_by_other_edits_are_trained(
    database: Database, artifacts: Artifacts, teacher_id: str
) -> None:
    first, _ = _searched(database, artifacts, teacher_id)
    with database.write() as session:
        row = session.get(Trial, (first.job.id, 1))
        assert row is not None
        row.edits = row.edits | {"removed": ["another"]}
    second, found = _searched(database, artifacts, teacher_id)
    assert _trained(second) == [1]
    assert [t.reused_from is None for t in found] == [False, True, False]


def test_what_has_lost_its_weights_is_taken_from_the_next_or_trained(
    database: Database, artifacts: Artifacts, teacher_id: str
) -> None:
    first, known = _searched(database, artifacts, teacher_id)
    second, copies = _searched(database, artifacts, teacher_id)
    for trial in (known[0], known[1], copies[1]):
        artifacts.delete(str(trial.weights_key))
    third, found = _searched(database, artifacts, teacher_id)
    assert _trained(third) == [1]
    assert [t.reused_from for t in found] == [
        TrialSource(second.job.id, 0),
        None,
        TrialSource(first.job.id, 2),
    ]


def test_what_a_dead_coordinator_left_in_the_queue_is_taken_over_as_well(
    database: Database, artifacts: Artifacts, teacher_id: str
) -> None:
    work = _work(database, artifacts, teacher_id)
    prepared = prepare(work)
    Search(work, prepared)._propose([], 2)
    assert [t.state for t in read_trials(database, work.job.id)] == ["queued"] * 2
    other, _ = _searched(database, artifacts, teacher_id)
    Search(work, prepared).run()
    assert _trained(work) == []
    trials = read_trials(database, work.job.id)
    assert [t.reused_from for t in trials] == [TrialSource(other.job.id, n) for n in range(3)]


def test_trials_of_a_teacher_by_name_count_by_its_weights(
    database: Database, artifacts: Artifacts, teacher_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = held_work(database, artifacts)  # on the teacher that was uploaded
    prepared = prepare(named)
    Search(named, prepared).run()
    precision = Precision.from_json(prepared.record.precision)
    monkeypatch.setattr("workers.teacher.choose_precision", lambda *_: precision)
    other, _ = _searched(database, artifacts, teacher_id)
    assert _trained(other) == []
