from typing import Literal

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


PARETO = Objective("pareto", Limits(), 100, 0.9, None, ("params", "macs"), (100, 200))


def test_the_values_of_pareto_are_the_accuracy_and_what_is_saved_of_each_cost() -> None:
    accuracy = torch.tensor([[0.1, 0.8, 0.7, 0.9], [0.2, 0.3, 0.4, 0.5]], dtype=torch.float64)
    values = PARETO.values(accuracy, COSTS)
    assert values.shape == (2, 4, 3)
    assert torch.equal(values[..., 0], accuracy)
    expected = torch.tensor([[1, 0.75, 0.5, 0], [1, 0.8, 0.85, 0]], dtype=torch.float64)
    torch.testing.assert_close(values[..., 1:], expected.T.expand(2, 4, 2))


def test_one_value_stands_in_a_column_of_its_own() -> None:
    accuracy = torch.tensor([0.1, 0.8, 0.7, 0.9])
    for objective in (
        Objective("score", Limits(), 100, 0.9),
        Objective("accuracy", Limits(), 100, 0.9),
    ):
        value = objective.value(accuracy, COSTS)
        assert torch.equal(objective.values(accuracy, COSTS), value.unsqueeze(-1))


def test_the_one_value_of_pareto_is_the_score() -> None:
    accuracy = torch.tensor([0.1, 0.8, 0.7, 0.9])
    score_of = Objective("score", Limits(), 100, 0.9).value(accuracy, COSTS)
    assert torch.equal(PARETO.value(accuracy, COSTS), score_of)


@pytest.mark.parametrize(
    ("kind", "costs", "teacher", "message"),
    [
        ("pareto", (), (), "pareto takes 1 to 2 costs"),
        ("pareto", ("params", "macs", "bytes"), (1, 1, 1), "pareto takes 1 to 2 costs"),
        ("pareto", ("watts",), (1,), "pareto takes 1 to 2 costs, not .*watts"),
        ("score", ("params",), (1,), "score takes 0 to 0 costs"),
        ("accuracy", ("params",), (1,), "accuracy takes 0 to 0 costs"),
        ("pareto", ("params",), (), "a positive number a cost"),
        ("pareto", ("params", "macs"), (5, 0), "a positive number a cost"),
    ],
)
def test_costs_that_do_not_fit_the_kind_are_refused(
    kind: Literal["score", "accuracy", "pareto"],
    costs: tuple[str, ...],
    teacher: tuple[int, ...],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        Objective(kind, Limits(), 100, 0.9, None, costs, teacher)
