from dataclasses import replace

import numpy as np
import pytest

from app.artifacts import Artifacts
from app.database import Database
from tests.workers.jobs import InlinePool, held_work, read_job
from workers.precision import Precision
from workers.preparation import prepare
from workers.problems import UnfitLatency
from workers.splits import Splits
from workers.work import Work


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts, trained=False, constraints={"params_ratio": 0.5})


def test_the_teacher_is_trained_once_and_put_on_record(work: Work) -> None:
    prepared = prepare(work)
    job = read_job(work.database, work.job.id)
    assert job.teacher == prepared.record
    assert prepared.record.accuracy > 0.7
    assert prepared.objective.teacher_accuracy == prepared.record.accuracy
    assert prepared.objective.limits.params == prepared.record.params // 2
    assert job.stage.startswith("training the teacher")

    again = Work(job, work.lease, work.database, work.artifacts, InlinePool(), work.lost, work.stop)
    second = prepare(again)
    assert isinstance(again.pool, InlinePool)
    assert again.pool.sent == ["the teacher's logits", "the teacher's importances"]
    assert second.record == prepared.record
    assert second.space.architecture.hash == prepared.space.architecture.hash
    first_logits, second_logits = (x.teacher.reference.logits for x in (prepared, second))
    assert np.array_equal(first_logits, second_logits)


def test_a_job_waits_for_a_machine_that_has_what_it_reserves(
    database: Database, artifacts: Artifacts
) -> None:
    work = held_work(database, artifacts, resources={"gpus": 0.5, "cpus": 2})
    stages = []
    assert isinstance(work.pool, InlinePool)
    work.pool.before = lambda _: stages.append(read_job(database, work.job.id).stage)
    prepare(work)
    assert work.pool.sent[0] == "a machine"
    assert stages[0] == "waiting for a machine that has free: cpus 2, gpus 0.5"


def test_a_teacher_that_is_on_record_has_no_checkpoint_any_more(work: Work) -> None:
    checkpoint = work.artifacts.put_bytes(work.key("checkpoints/teacher"), b"another's").key
    prepare(work)
    assert not work.artifacts.exists(checkpoint)


def test_what_is_placed_is_what_was_split_and_trained(work: Work) -> None:
    prepared = prepare(work)
    data, teacher = prepared.data.reference, prepared.teacher.reference
    stored = Splits.from_bytes(work.artifacts.read_bytes(prepared.record.splits_key))
    assert stored.train.tolist() == prepared.dataset.splits.train.tolist()
    assert data.train.labels.tolist() == prepared.dataset.labels[stored.train].tolist()
    assert data.validation.labels.tolist() == prepared.dataset.labels[stored.validation].tolist()
    assert teacher.precision == Precision.from_json(prepared.record.precision)
    assert teacher.logits.shape == (1, len(stored.train), 2)


@pytest.mark.parametrize(("chosen", "used"), [(None, 4), (1, 1), (8, 4)])
def test_students_use_no_more_threads_than_their_teacher_did(
    chosen: int | None, used: int, work: Work
) -> None:
    prepared = prepare(work)
    precision = replace(Precision.from_json(prepared.record.precision), teacher_threads=chosen)
    record = replace(prepared.record, precision=precision.to_json())
    assert replace(prepared, record=record).threads(4) == used


@pytest.mark.parametrize(
    ("latency", "says"),
    [
        ({"threads": 3}, "3 threads are asked for; the largest machine has 2 processors"),
        ({"batch_size": 9}, "are allowed"),
    ],
    ids=["threads", "batch_size"],
)
def test_what_no_machine_could_measure_ends_the_job_before_anything_is_trained(
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    latency: dict[str, int],
    says: str,
) -> None:
    monkeypatch.setattr("workers.constraints.MOST_BATCH_BYTES", 2**20)
    work = held_work(database, artifacts, trained=False, latency=latency)
    with pytest.raises(UnfitLatency, match=says) as raised:
        prepare(work)
    (field,) = latency
    assert [error.pointer for error in raised.value.errors] == [f"#/latency/{field}"]
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == []


def test_a_cluster_without_a_machine_yet_refuses_no_job(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InlinePool, "cores", lambda _: 0)
    assert prepare(held_work(database, artifacts, latency={"threads": 3})).record.accuracy > 0
