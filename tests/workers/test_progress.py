import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.leases import release
from app.records import NewTrial
from tests.workers.jobs import claimed_work, held_work
from workers.checkpoints import Checkpoint
from workers.problems import NoProgress
from workers.progress import MOST_CLAIMS, expect_progress
from workers.work import Work


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts)


def _claim_again(work: Work, times: int) -> Work:
    """Lets coordinators take the job one after the other; each dies when it has begun."""
    for _ in range(times):
        release(work.database, work.lease)
        work = claimed_work(work.database, work.artifacts, work.job.id)
        expect_progress(work)
    return work


def test_a_job_that_gets_nowhere_is_given_up_after_many_claims(work: Work) -> None:
    expect_progress(work)
    last = _claim_again(work, MOST_CLAIMS)
    with pytest.raises(NoProgress, match=f"{MOST_CLAIMS + 1} coordinators"):
        _claim_again(last, 1)


def test_a_finished_trial_starts_the_count_anew(work: Work) -> None:
    expect_progress(work)
    last = _claim_again(work, MOST_CLAIMS)
    last.writer.add_trials([NewTrial(0, "hash", {}, 1, 1, 1, 0)], None)
    last.writer.trial_failed(0, {})
    after = _claim_again(last, MOST_CLAIMS + 1)
    with pytest.raises(NoProgress):
        _claim_again(after, 1)


def test_a_stopped_trial_is_progress(work: Work) -> None:
    expect_progress(work)
    last = _claim_again(work, MOST_CLAIMS)
    last.writer.add_trials([NewTrial(0, "hash", {}, 1, 1, 1, 0)], None)
    last.writer.trial_stopped(0, (0.5,), 1.0, None)
    _claim_again(last, MOST_CLAIMS)


def _keep(work: Work, name: str, epoch: int) -> None:
    checkpoint = Checkpoint(epoch, {}, {"module.weight": torch.zeros(2)})
    work.artifacts.put_bytes(work.key(f"checkpoints/{name}"), checkpoint.to_bytes("me"))


def test_a_training_that_gets_on_by_its_checkpoints_alone_is_progress(work: Work) -> None:
    expect_progress(work)
    for epoch in range(1, 4):
        work = _claim_again(work, MOST_CLAIMS)
        _keep(work, "final-7", epoch)
    last = _claim_again(work, MOST_CLAIMS + 1)
    with pytest.raises(NoProgress):
        _claim_again(last, 1)


def test_one_that_begins_anew_each_time_is_not(work: Work) -> None:
    _keep(work, "final-7", 3)
    expect_progress(work)
    for epoch in (1, 2, 3):
        _keep(work, "final-7", epoch)
        work = _claim_again(work, 6)
    work.artifacts.put_bytes(work.key("checkpoints/final-7"), b"damaged")
    with pytest.raises(NoProgress):
        _claim_again(work, MOST_CLAIMS)


def test_a_final_training_that_has_ended_is_progress_though_its_checkpoint_goes(
    work: Work,
) -> None:
    _keep(work, "final-7", 29)
    expect_progress(work)
    last = _claim_again(work, MOST_CLAIMS)
    last.artifacts.put_bytes(last.key("finals/7.safetensors"), b"trained")
    last.artifacts.delete(last.key("checkpoints/final-7"))
    _claim_again(last, MOST_CLAIMS)


def test_states_that_come_and_go_are_no_progress(work: Work) -> None:
    expect_progress(work)
    last = _claim_again(work, MOST_CLAIMS)
    last.writer.set_state("searching", "training students")
    with pytest.raises(NoProgress):
        _claim_again(last, 1)
