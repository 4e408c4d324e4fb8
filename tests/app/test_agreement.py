from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app.requests import JobRequest
from tests.app.samples import REQUEST

ADAPRUNER = {"strategy": "adapruner"}
HALF = {"macs_ratio": 0.5}


@pytest.mark.parametrize(
    ("changes", "where", "says"),
    [
        ({"search": ADAPRUNER}, [("constraints",)], "needs a budget"),
        (
            {"search": ADAPRUNER, "objective": {"kind": "pareto"}},
            [("constraints",)],
            "needs a budget",
        ),
        (
            {"search": ADAPRUNER, "constraints": {"latency_ms": 2.0}},
            [("constraints", "latency_ms"), ("constraints",)],
            "knows nothing of latency",
        ),
        (
            {"search": ADAPRUNER, "constraints": HALF | {"latency_ms": 2.0}},
            [("constraints", "latency_ms")],
            "knows nothing of latency",
        ),
        (
            {"search": ADAPRUNER | {"evaluations": 2}, "constraints": HALF},
            [("search", "evaluations")],
            "gives one network",
        ),
        (
            {"search": ADAPRUNER | {"embedding": {"from": "emb_1"}}, "constraints": HALF},
            [("search",)],
            "would not use it",
        ),
        (
            {"teacher": {"id": "tch_1"}, "training": {"gamma_l1": 0.001}},
            [("training", "gamma_l1")],
            "isn't trained",
        ),
        (
            {"teacher": {"id": "tch_1"}, "training": {"label_smoothing": 0.1}},
            [("training", "label_smoothing")],
            "no label is used",
        ),
        (
            {"training": {"hard_labels": 1.0, "loss": "kl"}},
            [("training", "loss")],
            "nothing is learned from the teacher",
        ),
    ],
)
def test_parts_that_disagree_are_refused(
    changes: dict[str, Any], where: list[tuple[str, ...]], says: str
) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        JobRequest.model_validate(REQUEST | changes)
    assert [error["loc"] for error in caught.value.errors()] == where


@pytest.mark.parametrize("budget", ["params", "macs", "bytes"])
@pytest.mark.parametrize("limit", [("", 1000), ("_ratio", 0.5)])
@pytest.mark.parametrize("given", [{}, {"evaluations": 1}])
def test_any_budget_will_do_and_it_is_one_evaluation(
    budget: str, limit: tuple[str, float], given: dict[str, int]
) -> None:
    changes = {"search": ADAPRUNER | given, "constraints": {f"{budget}{limit[0]}": limit[1]}}
    request = JobRequest.model_validate(REQUEST | changes)
    assert request.search.evaluations == 1
    assert JobRequest.model_validate(request.to_json()) == request


@pytest.mark.parametrize("strategy", ["embedding", "random"])
def test_other_strategies_need_no_budget(strategy: str) -> None:
    search = {"search": {"strategy": strategy}, "constraints": {"latency_ms": 2.0}}
    assert JobRequest.model_validate(REQUEST | search).search.evaluations == 40


def test_the_scales_of_a_named_teacher_may_be_penalised() -> None:
    request = JobRequest.model_validate(REQUEST | {"training": {"gamma_l1": 1e-4}})
    assert request.training.gamma_l1 == 1e-4
    uploaded = {"teacher": {"id": "tch_1"}, "training": {"gamma_l1": 0.0}}
    assert JobRequest.model_validate(REQUEST | uploaded).training.gamma_l1 == 0


@pytest.mark.parametrize(
    ("teacher", "training"),
    [
        ({"network": "zoo/resnet20"}, {"label_smoothing": 0.1}),
        ({"id": "tch_1"}, {"label_smoothing": 0.1, "hard_labels": 0.5}),
        ({"id": "tch_1"}, {"hard_labels": 1.0}),
        ({"id": "tch_1"}, {"hard_labels": 0.9, "loss": "kl", "ema": 0.99}),
    ],
)
def test_losses_that_are_used_are_taken(
    teacher: dict[str, str], training: dict[str, object]
) -> None:
    request = JobRequest.model_validate(REQUEST | {"teacher": teacher, "training": training})
    assert request.training.model_dump(include=set(training)) == training


def test_the_api_points_at_what_is_wrong(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json=REQUEST | {"search": ADAPRUNER})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/constraints"]
    search = ADAPRUNER | {"evaluations": 7}
    answer = client.post("/v1/jobs", json=REQUEST | {"search": search, "constraints": HALF})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/search/evaluations"]
    answer = client.post("/v1/jobs", json=REQUEST | {"search": ADAPRUNER, "constraints": HALF})
    assert answer.status_code == 202
    assert answer.json()["request"]["search"]["evaluations"] == 1
