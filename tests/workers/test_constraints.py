import pytest
from torch import nn

from app.requests import ConstraintsRequest, JobRequest
from embedding import Limits
from networks import Space, build
from workers.constraints import costs_of, expect_feasible, limits_of, objective_of
from workers.preprocessing import Preprocessing
from workers.problems import InfeasibleConstraints
from workers.teacher import untrained_teacher

COSTS = {"params": 100, "macs": 1000, "bytes": 400}


@pytest.fixture(scope="module")
def space() -> Space:
    preprocessing = Preprocessing(16.0, (0.0,), (1.0,), (8, 8), (8, 8))
    return Space(untrained_teacher("zoo/resnet20", 10, preprocessing, 0).architecture)


def _request(**constraints: float) -> JobRequest:
    return JobRequest.model_validate(
        {
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "constraints": constraints,
        }
    )


@pytest.mark.parametrize(
    ("constraints", "limits"),
    [
        ({}, Limits()),
        ({"params": 7}, Limits(params=7)),
        ({"params_ratio": 0.29}, Limits(params=29)),
        ({"macs_ratio": 0.0015, "bytes": 500}, Limits(macs=1, bytes=500)),
        ({"params": 50, "params_ratio": 0.25}, Limits(params=25)),
        ({"params": 20, "params_ratio": 0.25}, Limits(params=20)),
    ],
)
def test_ratios_become_absolute_and_the_tighter_limit_counts(
    constraints: dict[str, float], limits: Limits
) -> None:
    assert limits_of(ConstraintsRequest.model_validate(constraints), COSTS) == limits


@pytest.mark.parametrize(
    ("objective", "costs", "of_teacher"),
    [
        ({"kind": "accuracy"}, (), ()),
        ({"kind": "pareto"}, ("macs",), (1000,)),
        ({"kind": "pareto", "costs": ["bytes", "params"]}, ("bytes", "params"), (400, 100)),
    ],
)
def test_an_objective_knows_its_costs_and_the_teacher_s(
    objective: dict[str, object], costs: tuple[str, ...], of_teacher: tuple[int, ...]
) -> None:
    asked = _request(params_ratio=0.5).model_dump(mode="json") | {"objective": objective}
    found = objective_of(JobRequest.model_validate(asked), COSTS, 0.75)
    assert (found.kind, found.costs, found.teacher_costs) == (objective["kind"], costs, of_teacher)
    assert (found.teacher_params, found.teacher_accuracy) == (100, 0.75)
    assert found.limits == Limits(params=50)


def test_the_teacher_s_costs_are_those_of_its_layers(space: Space) -> None:
    costs = costs_of(space)
    assert costs["params"] == sum(
        parameter.numel() for parameter in _built(space).parameters() if parameter.requires_grad
    )
    assert costs["bytes"] > 4 * costs["params"]


def _built(space: Space) -> nn.Module:
    return build(space.architecture)


def test_what_the_smallest_student_keeps_is_feasible(space: Space) -> None:
    smallest = int(space.costs(space.smallest()).params)
    expect_feasible(space, _request(params=smallest))
    with pytest.raises(InfeasibleConstraints) as caught:
        expect_feasible(space, _request(params=smallest - 1))
    (error,) = caught.value.errors
    assert error.pointer == "#/constraints/params"
    assert f"{smallest:,} params" in error.detail


def test_only_the_constraints_that_can_t_be_met_are_named(space: Space) -> None:
    with pytest.raises(InfeasibleConstraints) as caught:
        expect_feasible(space, _request(params_ratio=0.5, macs_ratio=1e-6))
    assert [error.pointer for error in caught.value.errors] == ["#/constraints/macs_ratio"]
