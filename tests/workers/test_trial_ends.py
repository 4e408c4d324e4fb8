import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialRecord
from tests.app.samples import TEACHER, new_trial
from tests.workers.jobs import held_work, read_trials
from workers.offering import score_of
from workers.pool import Failure
from workers.trial import TrialOutcome
from workers.trial_ends import end_trial, fail_trial
from workers.work import Work

OUTCOME = TrialOutcome(b"weights", 0.8, 2, 1.5, (0.5, 0.8), criterion="l1")


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    """A job with one trial, which is running."""
    work = held_work(database, artifacts)
    work.writer.add_trials([new_trial(0)], None)
    work.writer.trial_started(0)
    return work


def _trial(work: Work) -> TrialRecord:
    (trial,) = read_trials(work.database, work.job.id)
    return trial


def test_a_result_is_on_record_with_its_weights(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    end_trial(work, TEACHER, _trial(work), OUTCOME)
    trial = _trial(work)
    assert (trial.state, trial.accuracy, trial.curve, trial.criterion) == (
        "completed", 0.8, (0.5, 0.8), "l1",
    )  # fmt: skip
    assert trial.score == score_of(trial, 0.8, TEACHER)
    assert work.artifacts.read_bytes(str(trial.weights_key)) == b"weights"
    assert "trial 0: accuracy 0.8000" in caplog.text
    assert "went on" not in caplog.text


def test_one_that_was_stopped_has_no_result(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    outcome = TrialOutcome(b"", 0.6, 2, 1.5, (0.4, 0.5), stopped=True, resumed_after=1)
    end_trial(work, TEACHER, _trial(work), outcome)
    trial = _trial(work)
    assert (trial.state, trial.accuracy, trial.curve) == ("stopped", None, (0.4, 0.5))
    assert "trial 0 went on after epoch 1" in caplog.text
    assert "stopped after epoch 2 of accuracy 0.5000: 0.6000 is likely" in caplog.text


def test_one_that_failed_says_why_with_the_evidence(work: Work) -> None:
    fail_trial(work, _trial(work), Failure("Diverged", "no numbers", "a traceback"))
    trial = _trial(work)
    assert trial.state == "failed"
    assert trial.error is not None
    assert trial.error["detail"] == "Diverged: no numbers"
    assert trial.error["errors"] == [{"pointer": "#/evidence", "detail": "a traceback"}]
