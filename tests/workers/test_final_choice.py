import pytest
import torch
from torch import Tensor

from app.artifacts import Artifacts
from app.database import Database
from app.records import TeacherRecord, TrialRecord
from tests.workers.jobs import held_work
from workers.final_choice import final_trials, spread
from workers.work import Work


def _volume(points: Tensor, steps: int = 20) -> float:
    """Returns the share of a grid's cells below any of the points, whose figures are on it."""
    axis = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    cells = torch.cartesian_prod(*[axis] * points.shape[1])
    return float((cells[:, None] < points).all(dim=2).any(dim=1).double().mean())


@pytest.mark.parametrize("d", [2, 3])
def test_each_point_adds_the_most_to_those_before(d: int) -> None:
    draws = torch.Generator().manual_seed(d)
    gains = torch.randint(0, 21, (12, d), generator=draws).double() / 20
    chosen = spread(gains, 5)
    assert chosen[0] == 0
    assert len(set(chosen)) == 5
    for n in range(1, 5):
        volumes = [_volume(gains[[*chosen[:n], row]]) for row in range(12) if row not in chosen[:n]]
        assert _volume(gains[chosen[: n + 1]]) == pytest.approx(max(volumes))


def test_there_are_no_more_than_there_are_and_of_equals_the_first_comes_first() -> None:
    gains = torch.tensor([[0.5, 0.5], [0.2, 0.9], [0.2, 0.9], [0.9, -1.0]], dtype=torch.float64)
    assert spread(gains, 9) == [0, 1, 2, 3]
    assert spread(gains, 1) == [0]
    assert spread(gains[:0], 2) == []


def test_what_costs_more_than_the_teacher_adds_nothing() -> None:
    gains = torch.tensor([[0.9, -1.0], [0.8, -0.5], [0.1, 0.1]], dtype=torch.float64)
    assert spread(gains, 2) == [0, 2]


TEACHER = TeacherRecord(1000, 1000, 4000, 0.9, None, "w", "a", "s", {}, {})


def _trial(number: int, params: int, macs: int, accuracy: float) -> TrialRecord:
    return TrialRecord(
        number=number,
        state="completed",
        hash=str(number),
        edits={},
        params=params,
        macs=macs,
        bytes=4 * params,
        seed=0,
        attempts=0,
        accuracy=accuracy,
        score=accuracy,
        epochs=1,
        duration_s=1.0,
        weights_key="w",
        error=None,
    )


TRIALS = (
    _trial(0, 100, 300, 0.88),  # the highest score
    _trial(1, 105, 299, 0.879),  # nearly the same
    _trial(2, 900, 50, 0.5),  # the least MACs
    _trial(3, 50, 900, 0.7),  # beaten in MACs and accuracy; score in between
    _trial(4, 700, 500, 0.89),  # the most accurate
)


def _work(database: Database, artifacts: Artifacts, n: int, **objective: object) -> Work:
    return held_work(database, artifacts, objective=objective, training={"final_students": n})


def test_final_students_spread_over_the_pareto_set(
    database: Database, artifacts: Artifacts
) -> None:
    work = _work(database, artifacts, 3, kind="pareto", costs=["macs"])
    chosen = [trial.number for trial in final_trials(work, TRIALS, TEACHER)]
    assert chosen == [0, 2, 4]
    again = [trial.number for trial in final_trials(work, TRIALS[::-1], TEACHER)]
    assert again == chosen


def test_no_final_student_is_from_outside_of_the_set(
    database: Database, artifacts: Artifacts
) -> None:
    work = _work(database, artifacts, 9, kind="pareto")
    assert sorted(t.number for t in final_trials(work, TRIALS, TEACHER)) == [0, 1, 2, 4]
    assert final_trials(work, [], TEACHER) == []


@pytest.mark.parametrize(("kind", "numbers"), [("score", [0, 1, 3]), ("accuracy", [4, 0, 1])])
def test_other_jobs_end_with_their_best(
    kind: str, numbers: list[int], database: Database, artifacts: Artifacts
) -> None:
    work = _work(database, artifacts, 3, kind=kind)
    assert [trial.number for trial in final_trials(work, TRIALS, TEACHER)] == numbers
