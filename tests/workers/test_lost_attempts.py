import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.lost_attempts import Loss
from tests.workers.jobs import held_work, read_trials
from workers.lost_attempts import MOST, lose_attempt, lose_running
from workers.preparation import prepare
from workers.proposing import job_proposer, new_trials
from workers.work import Work


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    """A job with a running trial and a queued one."""
    work = held_work(database, artifacts)
    prepared = prepare(work)
    proposed = job_proposer(work, prepared, None).ask(2)
    work.writer.add_trials(new_trials(prepared, 0, 0, proposed, None), None)
    work.writer.trial_started(0)
    return work


def test_running_trials_alone_were_lost_with_their_coordinator(work: Work) -> None:
    lose_running(work, read_trials(work.database, work.job.id))
    running, queued = read_trials(work.database, work.job.id)
    (lost,) = running.lost_attempts
    assert (running.state, running.attempts) == ("queued", 1)
    assert (lost.number, lost.loss, lost.detail) == (0, "stale", "lost before the lease 1")
    assert (queued.state, queued.lost_attempts) == ("queued", ())


def test_losses_of_the_other_kind_don_t_count(work: Work) -> None:
    stale: list[Loss] = ["stale"] * (MOST["died"] + 1)
    died: list[Loss] = ["died"] * (MOST["died"] - 1)
    for loss in stale + died:
        lose_attempt(work, read_trials(work.database, work.job.id)[0], loss, "it was lost")
        work.writer.trial_started(0)
    lose_attempt(work, read_trials(work.database, work.job.id)[0], "died", "signal 9")
    trial = read_trials(work.database, work.job.id)[0]
    assert (trial.state, len(trial.lost_attempts)) == ("failed", 2 * MOST["died"] + 1)
    assert trial.error is not None
    assert trial.error["detail"] == "its worker process was lost 3 times, the last time: signal 9"
    details = [one["detail"] for one in trial.error["errors"]]
    assert details == ["attempt 4: it was lost", "attempt 5: it was lost", "attempt 6: signal 9"]
