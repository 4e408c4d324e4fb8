import pytest
import torch

import networks
from app.requests import ConstraintsRequest
from networks import Space
from workers.estimate_constraints import judge
from workers.estimate_forecast import Forecast
from workers.estimate_latency import Latencies
from workers.estimate_space import Survey


@pytest.fixture(scope="module")
def survey() -> Survey:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Survey.of(Space(traced.architecture), seed=0)


def forecast(survey: Survey, **ms: float) -> Forecast:
    return Forecast.of(survey, Latencies(ms, {}))


def test_no_constraints_keep_all(survey: Survey) -> None:
    verdict = judge(survey, ConstraintsRequest(), forecast(survey), 0)
    assert (verdict.feasible, verdict.share, verdict.limits) == (True, 1.0, {})


def test_the_share_is_of_those_that_keep_every_limit(survey: Survey) -> None:
    verdict = judge(survey, ConstraintsRequest(params_ratio=0.1, macs=300_000), forecast(survey), 0)
    params = survey.costs.params <= survey.teacher["params"] // 10
    expected = params & (survey.costs.macs <= 300_000)
    assert torch.equal(verdict.kept, expected)
    assert 0 < verdict.share == float(expected.double().mean()) < 1
    assert verdict.limits == {"params": survey.teacher["params"] // 10, "macs": 300_000}


def test_the_nearest_is_told_where_none_keeps_them(survey: Survey) -> None:
    verdict = judge(survey, ConstraintsRequest(params_ratio=1e-4), forecast(survey), 0)
    assert not verdict.feasible
    assert verdict.nearest is not None
    least = int(survey.space.costs(survey.space.smallest()).params)
    assert int(survey.space.costs(verdict.nearest).params) == least
    (error,) = verdict.errors
    assert error["pointer"] == "#/constraints/params_ratio"
    share = 100 * least / survey.teacher["params"]
    assert f"{least:,} params, {share:.4f}% of the teacher's" in error["detail"]


def test_limits_that_contradict_each_other_are_both_named(survey: Survey) -> None:
    verdict = judge(survey, ConstraintsRequest(params=10, macs=10), forecast(survey), 0)
    pointers = {error["pointer"] for error in verdict.errors}
    assert pointers == {"#/constraints/params", "#/constraints/macs"}


def test_what_no_draw_finds_a_walk_may(survey: Survey) -> None:
    least = int(survey.costs.params.min())
    smallest = int(survey.space.costs(survey.space.smallest()).params)
    assert smallest < least
    limit = ConstraintsRequest(params=(smallest + least) // 2)
    verdict = judge(survey, limit, forecast(survey), 0)
    assert (verdict.feasible, verdict.share, verdict.nearest) == (True, 0.0, None)


def test_a_latency_limit_of_which_nothing_is_known_is_left_open(survey: Survey) -> None:
    asked = ConstraintsRequest(latency_ms=0.001, params_ratio=0.5)
    verdict = judge(survey, asked, forecast(survey), 0)
    assert (verdict.feasible, verdict.unjudged) == (None, ("latency_ms",))
    assert verdict.limits["latency_ms"] == 0.001
    assert torch.equal(verdict.kept, survey.costs.params <= verdict.limits["params"])
    # What the other limits rule out is ruled out whatever it takes.
    none = judge(survey, ConstraintsRequest(latency_ms=5.0, params=1), forecast(survey), 0)
    assert (none.feasible, none.unjudged) == (False, ("latency_ms",))
    assert [error["pointer"] for error in none.errors] == ["#/constraints/params"]


def test_the_smallest_alone_tells_that_a_limit_can_be_kept(survey: Survey) -> None:
    known = forecast(survey, smallest=0.5)
    assert judge(survey, ConstraintsRequest(latency_ms=0.5), known, 0).feasible is True
    assert judge(survey, ConstraintsRequest(latency_ms=0.4), known, 0).feasible is None


@pytest.mark.parametrize(
    "ms",
    [
        {"smallest": 0.0112, "largest": 0.0695, "median": 0.0407, "teacher": 0.0694},
        {"smallest": 0.30, "largest": 0.9, "median": 0.42, "teacher": 0.8},
        {"smallest": 0.5, "largest": 20.0, "median": 1.5, "teacher": 16.0},
    ],
    ids=["by layers", "flat", "steep"],
)
def test_what_was_measured_goes_before_what_is_predicted(
    survey: Survey, ms: dict[str, float]
) -> None:
    known, least = forecast(survey, **ms), ms["smallest"]
    at_it = judge(survey, ConstraintsRequest(latency_ms=least), known, 0)
    assert (at_it.feasible, at_it.errors, at_it.unjudged) == (True, (), ())
    # A little below it is within the noise of a measurement; a hundredth of it is out of reach.
    assert judge(survey, ConstraintsRequest(latency_ms=0.97 * least), known, 0).feasible is None
    far = judge(survey, ConstraintsRequest(latency_ms=0.01 * least), known, 0)
    assert far.feasible is False
    assert [error["pointer"] for error in far.errors] == ["#/constraints/latency_ms"]


def test_latency_is_one_limit_of_several(survey: Survey) -> None:
    ms = {"smallest": 0.1, "median": 0.5, "largest": 1.0, "teacher": 1.1}
    known = forecast(survey, **ms)
    verdict = judge(survey, ConstraintsRequest(latency_ms=0.5, params_ratio=0.5), known, 0)
    params = survey.costs.params <= survey.teacher["params"] // 2
    assert torch.equal(verdict.kept, params & (known.ms(survey.drawn) <= 0.5))
