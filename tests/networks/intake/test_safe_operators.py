from __future__ import annotations

import pytest
import torch

from networks import Layer, TeacherFileError
from networks import operators as ops
from networks.intake.safe_operators import SAFE_OPERATORS, expect_safe
from tests.networks.conftest import FAMILIES, traced

ATEN = sorted(SAFE_OPERATORS - ops.OURS)


def layer(op: str, args: object, kwargs: object = None) -> Layer:
    attributes = {"args": args} if kwargs is None else {"args": args, "kwargs": kwargs}
    return Layer("odd", op, ("x",), (3,), attributes)  # type: ignore[arg-type]


@pytest.mark.parametrize("op", ATEN)
def test_what_may_run_is_pure_and_takes_no_file_and_no_memory(op: str) -> None:
    operator = ops.aten_operator(op)
    schema = ops.schema_of(operator)
    assert not schema.is_mutable
    assert torch.Tag.nondeterministic_seeded not in operator.tags or op in {
        "dropout",
        "scaled_dot_product_attention",
    }
    kinds = {str(argument.type) for argument in schema.arguments}
    assert not {kind for kind in kinds if "Storage" in kind or "Generator" in kind}
    assert not {argument.name for argument in schema.arguments} & {"filename", "storage_offset"}


@pytest.mark.parametrize("name", FAMILIES)
def test_what_our_networks_are_made_of_may_run(name: str) -> None:
    for part in traced(name).architecture:
        expect_safe(part)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (layer("from_file", ["/etc/passwd"]), "'from_file' is not one that an upload may name"),
        (layer("empty_like", [{"input": 0}]), "'empty_like'"),
        (layer("relu", {"input": 0}), "at most 1 arguments"),
        (layer("relu", [{"input": 0}, 1]), "at most 1 arguments"),
        (layer("relu", [{"input": 0}], {"code": 1}), r"takes the arguments \['self'\]"),
        (layer("relu", [[[[[{"input": 0}]]]]]), "nested more than 3 deep"),
    ],
    ids=["file", "memory", "no list", "too many", "by another name", "deep"],
)
def test_what_may_not_is_refused(part: Layer, says: str) -> None:
    with pytest.raises(TeacherFileError, match=says):
        expect_safe(part)


def test_the_default_of_an_operator_may_be_named() -> None:
    expect_safe(layer("relu.default", [{"input": 0}]))
