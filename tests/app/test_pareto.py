import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pareto import pareto_set
from app.records import JobRecord, TrialRecord
from app.requests import JobRequest
from tests.app.samples import REQUEST, TEACHER
from tests.app.test_bodies import JOB


def _job(*costs: str, **constraints: float) -> JobRecord:
    objective = {"kind": "pareto", "costs": list(costs)} if costs else {"kind": "accuracy"}
    changes = {"objective": objective, "constraints": constraints}
    return replace(JOB, request=JobRequest.model_validate(REQUEST | changes))


def _trial(
    number: int, macs: int, params: int, accuracy: float | None, latency_ms: float | None = None
) -> TrialRecord:
    return TrialRecord(
        number=number,
        state="queued" if accuracy is None else "completed",
        hash=str(number),
        edits={},
        params=params,
        macs=macs,
        bytes=4 * params,
        seed=0,
        attempts=0,
        accuracy=accuracy,
        score=accuracy,
        epochs=None,
        duration_s=None,
        weights_key=None,
        error=None,
        latency_ms=latency_ms,
    )


def _numbers(job: JobRecord, *trials: TrialRecord) -> list[int]:
    return [trial.number for trial in pareto_set(job, trials)]


TRIALS = (
    _trial(0, 500, 50, 0.9),
    _trial(1, 300, 90, 0.8),
    _trial(2, 600, 10, 0.85),  # beaten in MACs and accuracy, not in parameters
    _trial(3, 100, 99, 0.5),
    _trial(4, 500, 50, 0.9),  # equal to the first
    _trial(5, 300, 95, 0.8),
    _trial(6, 1, 1, None),
)


@pytest.mark.parametrize(
    ("costs", "numbers"),
    [
        (("macs",), [3, 1, 0]),
        (("params",), [2, 0]),
        (("macs", "params"), [3, 1, 0, 2]),
        (("params", "macs"), [2, 0, 1, 3]),
        ((), [3, 1, 0]),
    ],
)
def test_what_none_beats_is_in_the_set_by_its_first_cost(
    costs: tuple[str, ...], numbers: list[int]
) -> None:
    assert _numbers(_job(*costs), *TRIALS) == numbers


def test_without_a_completed_trial_or_a_teacher_it_is_empty() -> None:
    assert _numbers(_job("macs"), TRIALS[6]) == []
    assert _numbers(replace(_job("macs"), teacher=None), *TRIALS) == []


@pytest.mark.parametrize(
    ("constraints", "numbers"),
    [
        ({"macs": 500}, [3, 1, 0]),
        ({"macs": 499}, [3, 1]),
        ({"params_ratio": 0.05, "macs_ratio": 0.05}, [0]),
        ({"params_ratio": 0.01}, [2]),
        ({"bytes": 360}, [1, 0]),
    ],
)
def test_the_set_keeps_the_limits(constraints: dict[str, float], numbers: list[int]) -> None:
    assert TEACHER.params == 1000
    assert TEACHER.macs == 10_000
    assert _numbers(_job("macs", **constraints), *TRIALS) == numbers


def test_the_set_keeps_the_latency_limit_as_measured() -> None:
    latencies = (2.0, 2.01, None)
    trials = [_trial(n, 100 - n, 1, 0.5, latency) for n, latency in enumerate(latencies)]
    assert _numbers(_job("macs", latency_ms=2.0), *trials) == [0]
    assert _numbers(_job("macs"), *trials) == [2]


_few = st.integers(1, 3)


@given(st.lists(st.tuples(_few, _few, _few), max_size=12))
def test_the_set_is_what_its_definition_says(figures: list[tuple[int, int, int]]) -> None:
    trials = [_trial(n, macs, params, score / 4) for n, (macs, params, score) in enumerate(figures)]
    losses = [(macs, params, -score) for macs, params, score in figures]

    def is_beaten(row: int) -> bool:
        return any(
            all(a <= b for a, b in zip(losses[other], losses[row], strict=True))
            and (losses[other] != losses[row] or other < row)
            for other in range(len(losses))
            if other != row
        )

    found = pareto_set(_job("macs", "params"), trials)
    assert {t.number for t in found} == {n for n in range(len(trials)) if not is_beaten(n)}
    assert all(one.macs <= other.macs for one, other in itertools.pairwise(found))
