"""An estimate and the job that it stands for agree on whether the constraints can be met."""

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.requests import SearchRequest
from networks import Space, narrowest
from tests.workers.jobs import InlinePool, held_work, pointers
from tests.workers.trained import Trained
from workers.constraints import searchable
from workers.estimate_constraints import Verdict, verdict_of
from workers.estimate_forecast import Forecast
from workers.estimate_latency import ORDER, Latencies
from workers.estimate_space import Survey
from workers.latency_start import expect_fast_enough
from workers.preparation import prepare
from workers.problems import InfeasibleConstraints
from workers.proposing import job_proposer
from workers.work import Work


@pytest.fixture(scope="module")
def survey(trained: Trained) -> Survey:
    return Survey.of(Space(trained.space.architecture, SearchRequest().round_to), seed=0)


def estimated(survey: Survey, work: Work) -> Verdict:
    """Returns the estimate's verdict, with latencies as `quick_latency` measures them."""
    named = {**survey.students, "teacher": survey.space.teacher()}
    ms = {name: int(survey.space.costs(named[name]).macs) / 1e6 for name in ORDER}
    request = work.job.request
    measured = ms if request.constraints.latency_ms is not None else {}
    forecast = Forecast.of(survey, Latencies(measured, {}))
    return verdict_of(survey, request, forecast)


def refused(space: Space, work: Work) -> list[str] | None:
    """Returns the fields that the job's own preparation names; None if it goes on."""
    try:
        expect_fast_enough(work, searchable(space.architecture, work.job.request))
    except InfeasibleConstraints as error:
        return pointers(error.problem())
    return None


def smallest(space: Space) -> dict[str, int]:
    costs = space.costs(space.smallest())
    return {name: int(getattr(costs, name)) for name in ("params", "macs", "bytes")}


FEASIBLE = [
    ({}, {}),
    ({"params_ratio": 0.5}, {}),
    ({"params_ratio": 0.1, "macs_ratio": 0.2}, {}),
    ({}, {"params": 1.0}),
    ({}, {"params": 1.0, "macs": 1.0, "bytes": 1.0}),
    ({"params_ratio": 0.5}, {"latency_ms": 2.0}),
]
INFEASIBLE = [
    ({"params_ratio": 1e-4}, {}),
    ({"params": 1}, {}),
    ({"params": 1, "macs_ratio": 0.9}, {}),
    ({"params": 1, "macs_ratio": 1e-6}, {}),
    ({}, {"bytes": 0.99}),
    ({}, {"latency_ms": 0.1}),
]


def constraints(
    space: Space, given: dict[str, float], of_smallest: dict[str, float]
) -> dict[str, float]:
    """Returns the constraints: some as they are given, some as shares of the smallest's costs."""
    costs = smallest(space) | {"latency_ms": smallest(space)["macs"] / 1e6}
    shares = {name: share * costs[name] for name, share in of_smallest.items()}
    whole = {name: x if name == "latency_ms" else int(x) for name, x in shares.items()}
    return given | whole


@pytest.mark.parametrize(("given", "of_smallest"), FEASIBLE)
def test_what_the_estimate_finds_feasible_the_job_begins(
    given: dict[str, float],
    of_smallest: dict[str, float],
    database: Database,
    artifacts: Artifacts,
    survey: Survey,
) -> None:
    asked = constraints(survey.space, given, of_smallest)
    work = held_work(database, artifacts, constraints=asked)
    assert estimated(survey, work).feasible is True
    assert refused(survey.space, work) is None
    assert job_proposer(work, prepare(work), None).ask(1)


@pytest.mark.parametrize(("given", "of_smallest"), INFEASIBLE)
def test_what_the_estimate_finds_infeasible_the_job_refuses_for_the_same_fields(
    given: dict[str, float],
    of_smallest: dict[str, float],
    database: Database,
    artifacts: Artifacts,
    survey: Survey,
) -> None:
    asked = constraints(survey.space, given, of_smallest)
    work = held_work(database, artifacts, trained=False, constraints=asked)
    verdict = estimated(survey, work)
    assert verdict.feasible is False
    fields = refused(survey.space, work)
    assert fields is not None
    assert set(fields) == {error["pointer"] for error in verdict.errors} != set()
    # The job as a whole ends there too, before anything is trained.
    with pytest.raises(InfeasibleConstraints):
        prepare(work)
    assert isinstance(work.pool, InlinePool)
    assert "the teacher's training" not in work.pool.sent


ADAPRUNER = {"strategy": "adapruner", "evaluations": 1}


@pytest.mark.parametrize("cost", ["params", "macs"])
def test_where_only_removals_meet_the_limits_adapruner_is_refused_by_both(
    cost: str, database: Database, artifacts: Artifacts, survey: Survey
) -> None:
    narrow = int(getattr(survey.space.costs(narrowest(survey.space)), cost))
    least = smallest(survey.space)[cost]
    assert least < narrow - 1
    work = held_work(
        database, artifacts, trained=False, constraints={cost: narrow - 1}, search=ADAPRUNER
    )
    verdict = estimated(survey, work)
    assert verdict.feasible is False
    assert verdict.share == 0
    assert verdict.nearest is not None
    assert int(getattr(survey.space.costs(verdict.nearest), cost)) == narrow
    fields = refused(survey.space, work)
    assert fields == [error["pointer"] for error in verdict.errors] == [f"#/constraints/{cost}"]
    # Another strategy, which removes layers, goes on.
    other = held_work(database, artifacts, constraints={cost: narrow - 1})
    assert estimated(survey, other).feasible is True
    assert refused(survey.space, other) is None


def test_what_widths_alone_just_meet_adapruner_begins(
    database: Database, artifacts: Artifacts, survey: Survey
) -> None:
    narrow = int(survey.space.costs(narrowest(survey.space)).params)
    work = held_work(
        database, artifacts, trained=False, constraints={"params": narrow}, search=ADAPRUNER
    )
    assert estimated(survey, work).feasible is True
    assert refused(survey.space, work) is None


def test_where_no_layer_can_be_narrower_both_blame_round_to(
    database: Database, artifacts: Artifacts, survey: Survey
) -> None:
    search = {**ADAPRUNER, "round_to": 256}
    limits = {"params_ratio": 0.9}
    work = held_work(database, artifacts, trained=False, constraints=limits, search=search)
    wide = Survey.of(Space(survey.space.architecture, 256), seed=0)
    verdict = estimated(wide, work)
    assert verdict.feasible is False
    assert [error["pointer"] for error in verdict.errors] == refused(wide.space, work)
    assert refused(wide.space, work) == ["#/search/round_to"]
