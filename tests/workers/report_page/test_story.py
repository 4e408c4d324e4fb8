from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.records import JobRecord, TeacherRecord, TrialRecord, TrialSource
from app.requests import JobRequest
from workers.report_page.story import story_of

TEACHER = TeacherRecord(
    params=1000, macs=4000, bytes=8000, accuracy=0.9, test_accuracy=None, weights_key="w",
    architecture_key="a", splits_key="s", precision={}, preprocessing={},
)  # fmt: skip
TRIAL = TrialRecord(
    number=0, state="completed", hash="h", edits={}, params=100, macs=500, bytes=900, seed=1,
    attempts=1, accuracy=0.8, score=0.85, epochs=2, duration_s=1.0, weights_key="k", error=None,
    curve=(0.5, 0.8),
)  # fmt: skip


def _job(**parts: dict[str, Any]) -> JobRecord:
    request = {"name": "a job", "teacher": {"network": "n"}, "dataset": {"name": "d"}, **parts}
    return JobRecord(
        id="job_1", name="a job", state="finishing", stage="", seed=0,
        request=JobRequest.model_validate(request), created_at=datetime(2026, 1, 1, tzinfo=UTC),
        started_at=None, finished_at=None, command=None, teacher=TEACHER, proposer_key=None,
        best_student_id=None, embedding_id=None, error=None, fence=1,
    )  # fmt: skip


def test_a_trial_is_told_as_the_objective_sees_it() -> None:
    (told,) = story_of(_job(), TEACHER, [TRIAL], [0.81, 0.82]).trials
    assert (told.number, told.accuracy, told.value) == (0, 0.8, 0.85)
    assert told.costs == {"params": 100, "macs": 500, "bytes": 900}
    assert (told.curve, told.reused) == ((0.5, 0.8), False)
    (told,) = story_of(_job(objective={"kind": "accuracy"}), TEACHER, [TRIAL]).trials
    assert told.value == 0.8


def test_a_trial_that_has_not_completed_has_no_value() -> None:
    stopped = replace(TRIAL, state="stopped", accuracy=None, score=None, curve=(0.2,))
    failed = replace(TRIAL, state="failed", accuracy=None, score=None, curve=None)
    taken = replace(TRIAL, reused_from=TrialSource("job_0", 4))
    told = story_of(_job(), TEACHER, [stopped, failed, taken]).trials
    assert [one.value for one in told] == [None, None, 0.85]
    assert [one.curve for one in told] == [(0.2,), (), (0.5, 0.8)]
    assert [one.reused for one in told] == [False, False, True]


def test_the_limits_are_absolute() -> None:
    job = _job(constraints={"params_ratio": 0.25, "macs": 900, "latency_ms": 2.5})
    told = story_of(job, TEACHER, [])
    assert told.limits == {"params": 250, "macs": 900, "latency_ms": 2.5}
    assert story_of(_job(), TEACHER, []).limits == {}


def test_the_costs_are_those_that_matter() -> None:
    assert story_of(_job(), TEACHER, []).costs == ("params",)
    assert story_of(_job(constraints={"macs": 900}), TEACHER, []).costs == ("macs",)
    assert story_of(_job(constraints={"latency_ms": 2.0}), TEACHER, []).costs == ("params",)
    pareto = {"kind": "pareto", "costs": ["macs", "bytes"]}
    told = story_of(_job(objective=pareto, constraints={"params": 5}), TEACHER, [])
    assert (told.costs, told.objective) == (("macs", "bytes"), "pareto")


def test_the_name_and_the_final_curve() -> None:
    told = story_of(_job(), TEACHER, [], [0.5])
    assert (told.name, told.final_curve) == ("a job", (0.5,))
