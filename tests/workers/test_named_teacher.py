import pytest

from app.artifacts import Artifacts
from app.database import Database
from embedding import derive_seed
from networks import NothingToEditError
from tests.workers.jobs import InlinePool, held_work, read_job
from workers.checkpoints import CheckpointPlace
from workers.pool import Failure
from workers.preparation import prepare
from workers.problems import UnfitNetwork, UselessTeacher, WorkFailed
from workers.training import Diverged
from workers.work import Work


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts, trained=False)


def _diverging(key: object) -> object | None:
    wanted = key == "the teacher's training"
    return Failure("Diverged", "epoch 3: the loss is nan", "") if wanted else None


def _broken(key: object) -> object | None:
    wanted = key == "the teacher's training"
    return Failure("MemoryError", "out of memory", "") if wanted else None


def test_a_teacher_that_diverges_is_the_request_s_fault(work: Work) -> None:
    assert isinstance(work.pool, InlinePool)
    work.pool.before = _diverging
    with pytest.raises(UselessTeacher, match="epoch 3: the loss is nan"):
        prepare(work)
    assert read_job(work.database, work.job.id).teacher is None


def test_the_teacher_is_trained_as_the_request_says(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def train(*arguments: object) -> None:
        asked.extend(arguments[3:])
        raise Diverged(1, "enough is seen")

    monkeypatch.setattr("workers.named_teacher.train_teacher", train)
    training = {"teacher_epochs": 3, "gamma_l1": 0.25, "label_smoothing": 0.125}
    work = held_work(database, artifacts, trained=False, training=training)
    with pytest.raises(UselessTeacher):
        prepare(work)
    *plain, place = asked
    assert plain == [3, derive_seed(work.job.seed, "teacher", 0), 0.25, 0.125]
    assert isinstance(place, CheckpointPlace)
    assert (place.url, place.key) == (artifacts.url, work.key("checkpoints/teacher"))


def test_a_worker_that_fails_is_not(work: Work) -> None:
    assert isinstance(work.pool, InlinePool)
    work.pool.before = _broken
    with pytest.raises(WorkFailed, match="out of memory"):
        prepare(work)


def test_a_network_with_nothing_to_edit_is_refused_before_training(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NothingToEditError("no layer can go")

    monkeypatch.setattr("workers.constraints.Space", refuse)
    with pytest.raises(UnfitNetwork, match="zoo/resnet20: no layer can go"):
        prepare(work)
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == []
