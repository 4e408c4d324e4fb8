import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.requests import JobRequest
from tests.app.samples import REQUEST


def test_defaults_are_the_contracts() -> None:
    request = JobRequest.model_validate(REQUEST)
    assert request.objective.kind == "score"
    assert request.search.strategy == "embedding"
    assert (request.search.evaluations, request.search.kernels) == (40, 8)
    assert (request.search.parallel, request.search.seed) == (2, 0)
    training = request.training
    assert (training.teacher_epochs, training.search_epochs) == (30, 5)
    assert (training.final_epochs, training.final_students) == (30, 2)
    assert request.constraints.params_ratio is None
    assert request.constraints.latency_ms is None
    assert request.search.round_to == 8
    latency = request.latency
    assert (latency.runtime, latency.batch_size, latency.threads) == ("onnxruntime", 1, 1)


def test_it_survives_storage() -> None:
    request = JobRequest.model_validate(
        REQUEST | {"search": {"embedding": {"from": "emb_1", "mode": "adapt"}}, "name": "Überpfad"}
    )
    stored = json.loads(json.dumps(request.to_json()))
    assert stored["search"]["embedding"] == {"from": "emb_1", "mode": "adapt"}
    assert stored["constraints"] == {}
    assert JobRequest.model_validate(stored) == request


@pytest.mark.parametrize("resources", [{}, {"gpus": 0}, {"gpus": 0.0}])
def test_a_job_reserves_nothing_that_a_machine_may_not_have(resources: dict[str, float]) -> None:
    request = JobRequest.model_validate(REQUEST | {"resources": resources})
    assert not request.resources.is_asked_for


@pytest.mark.parametrize("resources", [{"cpus": 2}, {"gpus": 0.5}, {"gpus": 2}])
def test_unless_it_says_so(resources: dict[str, float]) -> None:
    request = JobRequest.model_validate(REQUEST | {"resources": resources})
    assert request.resources.is_asked_for
    assert JobRequest.model_validate(request.to_json()) == request


def _wrong(path: str, value: object) -> tuple[dict[str, Any], tuple[str, ...]]:
    request: dict[str, Any] = json.loads(json.dumps(REQUEST))
    *parents, last = path.split(".")
    part = request
    for parent in parents:
        part = part.setdefault(parent, {})
    part[last] = value
    return request, tuple(path.split("."))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("unknown", 1),
        ("search.unknown", 1),
        ("name", ""),
        ("name", "a" * 201),
        ("name", "nul\x00"),
        ("name", "two\nlines"),
        ("name", 7),
        ("resources.cpus", 0),
        ("resources.cpus", 9),
        ("resources.gpus", -0.5),
        ("resources.gpus", 1.5),
        ("resources.gpus", float("nan")),
        ("resources.memory_bytes", 1000),
        ("teacher.network", 1),
        ("teacher.id", 1),
        ("dataset.name", 1),
        ("objective.kind", "hypervolume"),
        ("objective.costs", ["macs"]),
        ("objective", {"kind": "accuracy", "costs": ["macs"]}),
        ("objective", {"kind": "pareto", "costs": ["latency_ms"]}),
        ("constraints.params", 0),
        ("constraints.params", 2**63),
        ("constraints.macs", 1.5),
        ("constraints.bytes", True),
        ("constraints.params_ratio", 0),
        ("constraints.params_ratio", 1.01),
        ("constraints.macs_ratio", float("nan")),
        ("constraints.bytes_ratio", float("inf")),
        ("constraints.latency_ms", 0.0),
        ("constraints.latency_ms", float("inf")),
        ("latency.runtime", "tensorrt"),
        ("latency.batch_size", 0),
        ("latency.threads", 0),
        ("search.round_to", 0),
        ("search.round_to", 257),
        ("search.strategy", "annealing"),
        ("search.evaluations", 0),
        ("search.max_wall_s", 0.0),
        ("search.max_wall_s", float("inf")),
        ("search.evaluations", 10_001),
        ("search.evaluations", "40"),
        ("search.kernels", 0),
        ("search.parallel", 0),
        ("search.seed", -1),
        ("search.seed", 2**63),
        ("search.embedding", {"mode": "frozen"}),
        ("training.teacher_epochs", 0),
        ("training.search_epochs", 10_001),
        ("training.final_epochs", -3),
        ("training.final_students", 0),
        ("training.loss", "hinge"),
        ("training.temperature", 0.0),
        ("training.gamma_l1", -0.1),
        ("training.gamma_l1", float("nan")),
        ("training.hard_labels", 1.5),
        ("training.hard_labels", float("nan")),
        ("training.label_smoothing", 1.0),
        ("training.ema", 1.0),
        ("training.ema", -0.1),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object) -> None:
    request, where = _wrong(path, value)
    with pytest.raises(ValidationError) as caught:
        JobRequest.model_validate(request)
    assert where in {error["loc"][: len(where)] for error in caught.value.errors()}


@pytest.mark.parametrize("dataset", [{}, {"name": "digits", "id": "dst_1"}])
def test_a_dataset_has_a_name_or_an_id(dataset: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either `name` or `id`"):
        JobRequest.model_validate(REQUEST | {"dataset": dataset})


@pytest.mark.parametrize("teacher", [{}, {"network": "zoo/resnet20", "id": "tch_1"}])
def test_a_teacher_has_a_network_or_an_id(teacher: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either `network` or `id`"):
        JobRequest.model_validate(REQUEST | {"teacher": teacher})


def test_a_teacher_is_called_by_what_was_given() -> None:
    for teacher in ({"network": "zoo/resnet20"}, {"id": "tch_1"}):
        request = JobRequest.model_validate(REQUEST | {"teacher": teacher})
        assert [request.teacher.name] == list(teacher.values())


@pytest.mark.parametrize(
    ("objective", "costs"),
    [
        ({"kind": "pareto"}, ["macs"]),
        ({"kind": "pareto", "costs": ["bytes", "params"]}, ["bytes", "params"]),
        ({"kind": "accuracy"}, None),
    ],
)
def test_a_pareto_set_has_costs(objective: dict[str, object], costs: list[str] | None) -> None:
    request = JobRequest.model_validate(REQUEST | {"objective": objective})
    stored = request.to_json()["objective"]
    assert isinstance(stored, dict)
    assert stored.get("costs") == costs
    assert JobRequest.model_validate_json(json.dumps(request.to_json())) == request
    assert request.objective.pareto_costs == tuple(costs or ["macs"])


@pytest.mark.parametrize(
    ("objective", "says"),
    [
        ({"kind": "pareto", "costs": []}, "at least 1 item"),
        ({"kind": "pareto", "costs": ["params", "macs", "bytes"]}, "at most 2 items"),
        ({"kind": "pareto", "costs": ["macs", "macs"]}, "named once"),
        ({"kind": "pareto", "costs": "macs"}, "valid tuple"),
        ({"costs": ["macs"]}, "only the kind `pareto`"),
        ({"kind": "accuracy", "costs": ["macs"]}, "only the kind `pareto`"),
    ],
)
def test_costs_that_are_wrong_are_pointed_at(objective: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        JobRequest.model_validate(REQUEST | {"objective": objective})
    assert [error["loc"] for error in caught.value.errors()] == [("objective", "costs")]


def test_an_embedding_that_would_not_be_used_is_refused() -> None:
    search = {"strategy": "random", "embedding": {"from": "emb_1"}}
    with pytest.raises(ValidationError, match="would not use it"):
        JobRequest.model_validate(REQUEST | {"search": search})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(list(JobRequest.model_fields)), _JSON)
def test_any_json_is_taken_or_refused_with_words(field: str, value: object) -> None:
    body = json.dumps(REQUEST | {field: value})
    try:
        request = JobRequest.model_validate_json(body)
    except ValidationError:
        return
    assert JobRequest.model_validate(request.to_json()) == request


@pytest.mark.parametrize("stopping", ["curves", "none"])
def test_hopeless_trials_are_stopped_unless_all_are_to_be_trained(stopping: str) -> None:
    parts = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
    assert JobRequest.model_validate(parts).search.stopping == "curves"
    asked = JobRequest.model_validate(parts | {"search": {"stopping": stopping}})
    assert asked.search.stopping == stopping
    with pytest.raises(ValidationError):
        JobRequest.model_validate(parts | {"search": {"stopping": "halving"}})
