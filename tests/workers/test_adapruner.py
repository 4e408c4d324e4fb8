from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.requests import JobRequest
from networks import Edits, Space, budget_widths, scale_importance
from tests.workers.jobs import (
    NEVER_S,
    InlinePool,
    add_job,
    claimed_work,
    held_work,
    quick_student_files,
    read_job,
    read_trials,
)
from tests.workers.trained import Trained
from workers.adapruner import expect_widths, first_students
from workers.constraints import costs_of, expect_feasible, objective_of
from workers.coordinator import Coordinator
from workers.preparation import Prepared, prepare
from workers.problems import InfeasibleConstraints
from workers.search import Search
from workers.work import Work

ADAPRUNER = {"strategy": "adapruner", "round_to": 1}
EMBEDDING = {"strategy": "embedding", "kernels": 1, "parallel": 1, "round_to": 1}
HALF = {"macs_ratio": 0.5}


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)


def _request(**changes: Mapping[str, Any]) -> JobRequest:
    parts = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
    return JobRequest.model_validate(parts | changes)


def _first(trained: Trained, **changes: Mapping[str, Any]) -> list[dict[str, float]]:
    """Returns what the first students of a job cost, as shares of the teacher's."""
    request, space = _request(**changes), trained.space
    teacher = costs_of(space)
    objective = objective_of(request, teacher, 0.9)
    edits = first_students(request, space, objective, trained.teacher.tensors())
    costs = space.costs(space.candidates(edits))
    return [
        {name: int(getattr(costs, name)[row]) / teacher[name] for name in teacher}
        for row in range(len(edits))
    ]


def test_with_limits_it_is_the_one_network_that_meets_all_of_them(trained: Trained) -> None:
    limits = {"macs_ratio": 0.3, "params_ratio": 0.9}
    for search in (ADAPRUNER, EMBEDDING):
        (found,) = _first(trained, search=search, constraints=limits)
        assert 0.28 < found["macs"] <= 0.3
        assert found["params"] <= 0.9


def test_random_search_has_none(trained: Trained) -> None:
    assert _first(trained, search={"strategy": "random"}, constraints=HALF) == []


@pytest.mark.parametrize(
    ("objective", "evaluations", "cost", "budgets"),
    [
        ({"kind": "score"}, 40, "params", [0.25, 0.1]),
        ({"kind": "score"}, 15, "params", [0.25]),
        ({"kind": "score"}, 1, "params", [0.25]),
        ({"kind": "accuracy"}, 40, "params", [0.5]),
        ({"kind": "pareto", "costs": ["bytes", "macs"]}, 40, "bytes", [0.5, 0.25, 0.1]),
        ({"kind": "pareto"}, 16, "macs", [0.5, 0.25]),
    ],
)
def test_without_limits_there_is_one_for_each_of_a_few_budgets(
    objective: dict[str, object],
    evaluations: int,
    cost: str,
    budgets: list[float],
    trained: Trained,
) -> None:
    search = {**EMBEDDING, "evaluations": evaluations}
    found = _first(trained, search=search, objective=objective)
    assert len(found) == len(budgets)
    assert all(0.95 * y < x[cost] <= y for x, y in zip(found, budgets, strict=True))


def test_a_budget_that_widths_can_t_meet_gives_no_first_student(trained: Trained) -> None:
    limits = {"params": int(trained.space.costs(trained.space.smallest()).params)}
    assert _first(trained, search=EMBEDDING, constraints=limits) == []


def test_a_budget_that_no_network_meets_is_told_before_the_teacher_is_trained(
    trained: Trained,
) -> None:
    space = trained.space
    smallest = int(space.costs(space.smallest()).params)
    constraints = {"params": smallest, "macs_ratio": 1.0}
    expect_feasible(space, _request(search=EMBEDDING, constraints=constraints))
    with pytest.raises(InfeasibleConstraints, match="changes widths alone") as raised:
        expect_feasible(space, _request(search=ADAPRUNER, constraints=constraints))
    assert [error.pointer for error in raised.value.errors] == ["#/constraints/params"]


def test_a_network_whose_layers_can_t_be_narrower_is_refused(trained: Trained) -> None:
    coarse = Space(trained.space.architecture, round_to=64)
    request = _request(search=ADAPRUNER, constraints=HALF)
    with pytest.raises(InfeasibleConstraints, match="none of this network's can be") as raised:
        expect_widths(coarse, objective_of(request, costs_of(coarse)))
    assert [error.pointer for error in raised.value.errors] == ["#/search/round_to"]


def _prepared(
    database: Database,
    artifacts: Artifacts,
    search: Mapping[str, Any],
    constraints: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Work, Prepared]:
    work = held_work(database, artifacts, search=search, constraints=constraints)
    prepared = prepare(work)
    work.writer.set_state("searching", "training students")
    return work, prepared


def _adapruners(prepared: Prepared, share: float, cost: str) -> Edits:
    """Returns AdaPruner's edits, from the parts of the job."""
    space, teacher = prepared.space, prepared.teacher.reference
    most = share * costs_of(space)[cost]
    importance = scale_importance(space, teacher.tensors())
    found = budget_widths(space, importance, lambda costs: getattr(costs, cost) <= most)
    assert found is not None
    return found


def test_a_job_gives_one_network_for_its_budget(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.coordinator.Pool", InlinePool)
    job_id = add_job(database, artifacts, search=_only(ADAPRUNER), constraints=HALF)
    assert Coordinator(database, artifacts, lease_s=NEVER_S).run_one()
    job, trials = read_job(database, job_id), read_trials(database, job_id)
    assert (job.state, job.error) == ("succeeded", None)
    (trial,) = trials
    assert trial.state == "completed"
    assert job.teacher is not None
    assert 0.45 < trial.macs / job.teacher.macs <= 0.5
    assert not trial.edits["removed"]
    assert job.embedding_id is None


def test_the_one_network_is_sent_again_after_a_restart_and_not_made_anew(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared = _prepared(database, artifacts, search=_only(ADAPRUNER), constraints=HALF)
    assert isinstance(work.pool, InlinePool)
    work.pool.before = _interrupt
    with pytest.raises(KeyboardInterrupt):
        Search(work, prepared).run()
    (before,) = read_trials(database, work.job.id)
    again = _taken_over(database, artifacts, work)
    Search(again, prepare(again)).run()
    (after,) = read_trials(database, work.job.id)
    assert (before.state, after.state) == ("running", "completed")
    assert (before.hash, before.seed) == (after.hash, after.seed)
    assert Edits.from_json(after.edits) == _adapruners(prepared, 0.5, "macs")


def test_the_embedding_search_begins_with_it_and_goes_on_after_a_restart(
    database: Database, artifacts: Artifacts
) -> None:
    search = {**EMBEDDING, "evaluations": 16}
    work, prepared = _prepared(database, artifacts, search=search)
    assert isinstance(work.pool, InlinePool)
    work.pool.before = lambda key: _interrupt(key) if key == 1 else None
    with pytest.raises(KeyboardInterrupt):
        Search(work, prepared).run()
    again = _taken_over(database, artifacts, work)
    assert isinstance(again.pool, InlinePool)
    again.pool.before = lambda key: _interrupt(key) if key == 3 else None
    with pytest.raises(KeyboardInterrupt):
        Search(again, prepare(again)).run()
    trials = read_trials(database, work.job.id)
    expected = [_adapruners(prepared, share, "params") for share in (0.25, 0.1)]
    assert [Edits.from_json(trial.edits) for trial in trials[:2]] == expected
    assert len({trial.hash for trial in trials}) == 4


def _only(search: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the search of a small job, of one evaluation."""
    return {**search, "evaluations": 1}


def _interrupt(_: Hashable) -> None:
    raise KeyboardInterrupt


def _taken_over(database: Database, artifacts: Artifacts, work: Work) -> Work:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE jobs SET lease_owner = NULL, lease_until = NULL"
        )
    return claimed_work(database, artifacts, work.job.id)


def test_weights_decide_which_layers_are_narrow(trained: Trained) -> None:
    request = _request(search=ADAPRUNER, constraints=HALF)
    objective = objective_of(request, costs_of(trained.space), 0.9)
    weights = trained.teacher.tensors()
    weights["stages.1.1.bn1.weight"] = torch.full((32,), 1e-4)
    (edits,) = first_students(request, trained.space, objective, weights)
    assert edits.widths["stages.1.1.conv1"] == min(edits.widths.values())
