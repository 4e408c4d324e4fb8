import math
from dataclasses import replace
from typing import Any

import pytest

from app.records import JobRecord, TeacherRecord, TrialRecord, TrialState
from app.requests import JobRequest
from embedding import score
from workers.curves import forecast
from workers.stopping import CHANCE, Stopping, likely_accuracy, stopping_of

TEACHER = TeacherRecord(1000, 10_000, 4000, 0.8, None, "w", "a", "s", {}, {})
GROWING = tuple((0.3 + x / 100, 0.5 + x / 100, 0.6 + x / 100) for x in range(6))


def _job(**changes: object) -> JobRecord:
    parts: dict[str, Any] = {
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"name": "digits"},
        "training": {"final_students": 1},
    }
    request = JobRequest.model_validate(parts | changes)
    times = {"created_at": None, "started_at": None, "finished_at": None}
    fields: dict[str, Any] = {
        "id": "job_1", "name": "job", "state": "searching", "stage": "", "request": request,
        "seed": 0, "command": None, "teacher": None, "proposer_key": None,
        "best_student_id": None, "embedding_id": None, "error": None, "fence": 1, **times,
    }  # fmt: skip
    return JobRecord(**fields)


def _trial(
    number: int,
    accuracy: float | None = None,
    params: int = 200,
    macs: int = 3000,
    *,
    state: TrialState = "completed",
    curve: tuple[float, ...] | None = None,
) -> TrialRecord:
    return TrialRecord(
        number=number, state=state, hash=str(number), edits={}, params=params, macs=macs, bytes=800,
        seed=1, attempts=0, accuracy=accuracy, score=None, epochs=None, duration_s=None,
        weights_key=None, error=None, curve=curve,
    )  # fmt: skip


def _needed(job: JobRecord, trials: list[TrialRecord], trial: TrialRecord) -> float | None:
    found = stopping_of(job, TEACHER, trials, trial)
    return None if found is None else found.needed


def test_of_a_score_the_accuracy_is_needed_that_gives_the_best_one() -> None:
    new = _trial(9, params=500, state="queued")
    known = [_trial(0, 0.7, params=100), _trial(1, 0.72, params=900), new]
    needed = _needed(_job(), known, new)
    assert needed is not None
    assert score(500, needed, 1000, 0.8) == pytest.approx(score(100, 0.7, 1000, 0.8))
    none = _needed(_job(), known, _trial(9, params=1000, state="queued"))
    assert none == math.inf  # it is worth nothing


def test_of_accuracy_alone_it_is_the_best_ones() -> None:
    new = _trial(9, state="queued")
    known = [_trial(0, 0.7), _trial(1, 0.72, params=900), _trial(2, state="failed"), new]
    assert _needed(_job(objective={"kind": "accuracy"}), known, new) == 0.72


@pytest.mark.parametrize(("places", "expected"), [(1, 0.9), (2, 0.72), (3, 0.7), (4, None)])
def test_a_place_among_those_that_are_trained_to_the_end_is_enough(
    places: int, expected: float | None
) -> None:
    known = [_trial(0, 0.7), _trial(1, 0.9), _trial(2, 0.72), _trial(3, state="stopped")]
    job = _job(objective={"kind": "accuracy"}, training={"final_students": places})
    assert _needed(job, known, _trial(9, state="queued")) == expected


def test_of_a_pareto_set_it_is_that_of_the_best_that_costs_no_more() -> None:
    job = _job(objective={"kind": "pareto", "costs": ["macs", "params"]})
    new = _trial(9, macs=3000, params=200, state="queued")
    known = [
        _trial(0, 0.5, macs=3000, params=200),
        _trial(1, 0.6, macs=2000, params=100),
        _trial(2, 0.7, macs=3001, params=100),
        _trial(3, 0.8, macs=2000, params=201),
    ]
    assert _needed(job, known, new) == 0.6
    assert _needed(job, known, replace(new, macs=1000)) is None


def test_what_was_stopped_or_runs_is_no_incumbent() -> None:
    new = _trial(9, state="queued")
    curve = (0.9, 0.95)
    others = [_trial(0, state="stopped", curve=curve), _trial(1, state="running"), new]
    assert _needed(_job(objective={"kind": "accuracy"}), others, new) is None


def test_a_job_may_train_all_to_the_end() -> None:
    known, new = [_trial(0, 0.7)], _trial(9, state="queued")
    assert stopping_of(_job(search={"stopping": "none"}), TEACHER, known, new) is None
    assert stopping_of(_job(), TEACHER, known, new) is not None


def test_the_curves_are_those_of_completed_trials_alone() -> None:
    known = [
        _trial(0, 0.6, curve=GROWING[0]),
        _trial(1, 0.6),  # on record before there were curves
        _trial(2, state="stopped", curve=(0.1,)),
        _trial(3, state="failed"),
    ]
    found = stopping_of(_job(), TEACHER, known, _trial(9, state="queued"))
    assert found is not None
    assert found.finished == (GROWING[0],)


def test_a_trial_is_stopped_with_less_than_the_set_chance() -> None:
    curve = (0.2, 0.3)
    found = forecast(curve, GROWING)
    assert found is not None
    limits = [x / 1000 for x in range(1000)]
    for limit in limits:
        told = Stopping(GROWING, limit).hopeless(curve)
        chance = found.chance_above(limit)
        assert told == (found.accuracy if chance < CHANCE else None)
    assert Stopping(GROWING, limits[0]).hopeless(curve) is None
    assert Stopping(GROWING, limits[-1]).hopeless(curve) is not None


def test_with_few_curves_none_is_stopped() -> None:
    assert Stopping(GROWING[:4], 0.99).hopeless((0.0, 0.0)) is None


def test_what_a_trial_comes_to_is_foretold_of_stopped_ones_alone() -> None:
    known = [_trial(x, curve[-1], curve=curve) for x, curve in enumerate(GROWING)]
    stopped = _trial(6, state="stopped", curve=(0.1,))
    failed = _trial(7, state="failed")
    trials = [*known, stopped, failed]
    found = forecast((0.1,), GROWING)
    assert found is not None
    assert likely_accuracy(trials, stopped) == found.accuracy
    assert likely_accuracy(trials, known[2]) == known[2].accuracy
    assert likely_accuracy(trials, failed) is None
