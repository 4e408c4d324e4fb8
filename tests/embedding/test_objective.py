import pytest
import torch
from torch import Tensor

from embedding.objective import Limits, Objective, score
from networks import Candidates, Costs, Space

COSTS = Costs(
    params=torch.tensor([0, 25, 50, 100]),
    macs=torch.tensor([0, 40, 30, 200]),
    bytes=torch.tensor([0, 100, 200, 400]),
    activations=torch.tensor([0, 10, 20, 30]),
)


def test_score_by_hand() -> None:
    # C = 3/4: C(2 - C) = 15/16.
    assert score(25, 0.8, 100, 0.9) == pytest.approx(15 / 16 * 0.8 / 0.9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_are_the_scores_of_each(dtype: torch.dtype) -> None:
    objective = Objective("score", Limits(), 100, 0.9)
    accuracy = torch.tensor([[0.1, 0.8, 0.7, 0.9], [0.2, 0.3, 0.4, 0.5]], dtype=dtype)
    value = objective.value(accuracy, COSTS)
    expected = [
        [score(p, a, 100, 0.9) for p, a in zip((0, 25, 50, 100), row, strict=True)]
        for row in accuracy.tolist()
    ]
    assert value.dtype == dtype
    torch.testing.assert_close(value, torch.tensor(expected, dtype=dtype))


def test_accuracy_is_its_own_value() -> None:
    accuracy = torch.rand(4)
    assert torch.equal(Objective("accuracy", Limits(), 100, 0.9).value(accuracy, COSTS), accuracy)


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        (Limits(), [True, True, True, True]),
        (Limits(params=50), [True, True, True, False]),
        (Limits(params=49), [True, True, False, False]),
        (Limits(macs=30), [True, False, True, False]),
        (Limits(params=50, bytes=150), [True, True, False, False]),
    ],
)
def test_limits_are_inclusive_and_all_hold(limits: Limits, allowed: list[bool]) -> None:
    assert Objective("score", limits, 100, 0.9).feasible(COSTS).tolist() == allowed


def test_a_candidate_must_keep_the_limits_and_pass_the_screen(space: Space) -> None:
    drawn = space.sample(40, torch.Generator().manual_seed(0))
    params = space.costs(drawn).params
    limits = Limits(params=int(params.median()))

    def even(candidates: Candidates) -> Tensor:
        return candidates.widths[:, 0] % 2 == 0

    allowed = Objective("score", limits, 10**9, 0.9, even).allows(space, drawn)
    within = params <= params.median()
    assert torch.equal(allowed, within & even(drawn))
    assert torch.equal(Objective("score", limits, 10**9, 0.9).allows(space, drawn), within)
    assert 0 < int(allowed.sum()) < int(within.sum())


@pytest.mark.parametrize(("params", "accuracy"), [(0, 0.9), (100, 0.0), (100, 1.01)])
def test_a_teacher_that_gives_no_score_is_refused(params: int, accuracy: float) -> None:
    with pytest.raises(ValueError, match="teacher_"):
        Objective("score", Limits(), params, accuracy)
