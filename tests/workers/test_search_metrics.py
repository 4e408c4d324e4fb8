from dataclasses import replace

import pytest
from prometheus_client import Histogram

from app.log_context import log_fields
from app.records import NewTrial, TrialRecord
from tests.spans import Spans
from workers.metrics import (
    PROPOSAL_DURATION,
    REGISTRY,
    SUGGESTION_AGE,
    SUGGESTION_BEHIND,
    TRIAL_DURATION,
)
from workers.pool import Failure, Finished
from workers.search_metrics import SearchMetrics
from workers.trial import TrialOutcome

COMPLETED = TrialOutcome(b"", 0.9, 1, 1.0, (0.9,))
FAILED = Failure("ValueError", "", "")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Told:
    """What histograms were told since this was made."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], tuple[float, float]] = {}
        for outcome in ("", "completed", "stopped", "failed"):
            for one in (PROPOSAL_DURATION, SUGGESTION_AGE, SUGGESTION_BEHIND, TRIAL_DURATION):
                self._before[one._name, outcome] = self._now(one, outcome)

    def since(self, one: Histogram, outcome: str = "") -> tuple[float, float]:
        """Returns how many, and their sum."""
        count, total = self._now(one, outcome)
        before = self._before[one._name, outcome]
        return count - before[0], total - before[1]

    def _now(self, one: Histogram, outcome: str) -> tuple[float, float]:
        labels = {"outcome": outcome} if outcome else {}
        found = (REGISTRY.get_sample_value(one._name + part, labels) for part in ("_count", "_sum"))
        count, total = (value or 0.0 for value in found)
        return count, total


def _trial(number: int, state: str) -> TrialRecord:
    return TrialRecord(
        number=number,
        state=state,  # type: ignore[arg-type]  # of those there are
        hash="h",
        edits={},
        params=1,
        macs=1,
        bytes=1,
        seed=1,
        attempts=0,
        accuracy=None,
        score=None,
        epochs=None,
        duration_s=None,
        weights_key=None,
        error=None,
    )


def _row(number: int) -> NewTrial:
    return NewTrial(number, f"h{number}", {}, 1, 1, 1, 1)


def test_a_suggestion_ages_until_its_trial_is_sent() -> None:
    clock, told = Clock(), Told()
    metrics = SearchMetrics(clock)
    known = [_trial(0, "completed"), _trial(1, "running"), _trial(2, "running")]
    metrics.proposed([_row(3), _row(4)], known)
    clock.now += 2.0
    metrics.sent(3, [*known, _trial(3, "queued"), _trial(4, "queued")])
    assert told.since(SUGGESTION_AGE) == (1, 2.0)
    assert told.since(SUGGESTION_BEHIND) == (1, 0.0)
    clock.now += 3.0
    ended = [_trial(0, "completed"), _trial(1, "failed"), _trial(2, "stopped")]
    metrics.sent(4, [*ended, _trial(3, "running"), _trial(4, "queued")])
    assert told.since(SUGGESTION_AGE) == (2, 7.0)
    assert told.since(SUGGESTION_BEHIND) == (2, 2.0)


def test_one_that_another_coordinator_made_or_that_is_sent_again_has_no_age() -> None:
    told, metrics = Told(), SearchMetrics()
    metrics.sent(0, [_trial(0, "queued")])
    metrics.proposed([_row(1)], [])
    metrics.sent(1, [])
    metrics.sent(1, [])
    assert told.since(SUGGESTION_AGE)[0] == 1


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (COMPLETED, "completed"),
        (replace(COMPLETED, stopped=True), "stopped"),
        (FAILED, "failed"),
    ],
)
def test_a_trial_takes_from_its_sending_to_its_end(value: object, outcome: str) -> None:
    clock, told = Clock(), Told()
    metrics = SearchMetrics(clock)
    metrics.sent(7, [])
    clock.now += 12.0
    with metrics.settling(Finished(7, value, 1)):
        assert log_fields() == {"trial": 7}
    assert dict(log_fields()) == {}
    assert told.since(TRIAL_DURATION, outcome) == (1, 12.0)


def test_a_lost_attempt_is_no_end_and_a_students_files_are_no_trial() -> None:
    told, metrics = Told(), SearchMetrics()
    metrics.sent(7, [])
    with metrics.settling(Finished(7, replace(FAILED, loss="died"), 1)):
        pass
    with metrics.settling(Finished("the best student", COMPLETED, 1)):
        assert dict(log_fields()) == {}
    counts = {told.since(TRIAL_DURATION, one)[0] for one in ("completed", "stopped", "failed")}
    assert counts == {0}


def test_a_proposal_is_timed_and_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    spans, told = Spans(monkeypatch), Told()
    with SearchMetrics().proposing([_trial(0, "completed")], 2):
        pass
    assert told.since(PROPOSAL_DURATION)[0] == 1
    assert spans.one("propose").attributes == {"stillhouse.known": 1, "stillhouse.wanted": 2}
