from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from torch import Tensor, nn

from networks.onnx.patterns import with_patterns
from tests.networks.onnx_samples import expect_same, floats, model_of

NORM = (
    helper.make_node("ReduceMean", ["x"], ["m"], axes=[-1]),
    helper.make_node("Sub", ["x", "m"], ["c"]),
    helper.make_node("Pow", ["c", "two"], ["q"]),
    helper.make_node("ReduceMean", ["q"], ["v"], axes=[-1]),
    helper.make_node("Add", ["v", "eps"], ["e"]),
    helper.make_node("Sqrt", ["e"], ["d"]),
    helper.make_node("Div", ["c", "d"], ["n"]),
    helper.make_node("Mul", ["n", "g"], ["s"]),
)
NUMBERS = {"two": np.array(2, np.float32), "eps": np.array(1e-5, np.float32), "g": floats(8)}


class Mixed(nn.Module):
    """Has each pattern once."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4, eps=1e-3)
        self.linear = nn.Linear(4, 6)
        with torch.no_grad():
            self.norm.weight.normal_()
            self.norm.bias.normal_()

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.gelu(self.linear(self.norm(x.permute(0, 2, 3, 1)))).mean((1, 2))


def exported(opset: int, path: Path) -> onnx.ModelProto:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Mixed().eval(),
            (torch.randn(1, 4, 6, 8),),
            path,
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
        )
    return onnx.load(path)


@pytest.mark.parametrize("opset", [13, 17])
def test_one_node_stands_for_each_pattern(opset: int, tmp_path: Path) -> None:
    model = exported(opset, tmp_path / "m.onnx")
    found = {node.op_type for node in with_patterns(model.graph)} - {"Constant"}
    assert found == {"Transpose", "LayerNormalization", "Gemm", "Gelu", "ReduceMean"}
    expect_same(model, tmp_path)


def test_a_sum_after_a_norm_without_bias_is_no_bias(tmp_path: Path) -> None:
    model = model_of([*NORM, helper.make_node("Add", ["s", "x"], ["y"])], NUMBERS, opset=13)
    assert "LayerNormalization" not in {node.op_type for node in with_patterns(model.graph)}
    expect_same(model, tmp_path)


def test_a_power_of_two_is_no_square() -> None:
    nodes = [*NORM, helper.make_node("Add", ["s", "g"], ["y"])]
    assert len(with_patterns(model_of(nodes, NUMBERS, opset=13).graph)) == 1
    nodes[2] = helper.make_node("Pow", ["two", "c"], ["q"])
    assert len(with_patterns(model_of(nodes, NUMBERS, opset=13).graph)) == len(nodes)


def test_a_value_that_others_read_stays() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Mul", ["product", "sum"], ["y"]),
    ]
    model = model_of(nodes, {"weight": floats(8, 5), "bias": floats(5)})
    assert [node.op_type for node in with_patterns(model.graph)] == ["MatMul", "Add", "Mul"]


def test_a_cycle_is_not_followed() -> None:
    nodes = [
        helper.make_node("Identity", ["b"], ["a"]),
        helper.make_node("Identity", ["a"], ["b"]),
        helper.make_node("MatMul", ["x", "a"], ["p"]),
        helper.make_node("Add", ["p", "b"], ["y"]),
    ]
    assert len(with_patterns(model_of(nodes, {}).graph)) == 4


@pytest.mark.parametrize("half_of", ["x", "sum"], ids=["half the input", "half the sum"])
def test_gelu_is_found_in_any_order(half_of: str, tmp_path: Path) -> None:
    rest = "sum" if half_of == "x" else "x"
    nodes = [
        helper.make_node("Div", ["x", "root"], ["a"]),
        helper.make_node("Erf", ["a"], ["b"]),
        helper.make_node("Add", ["b", "one"], ["sum"]),
        helper.make_node("Mul", ["half", half_of], ["c"]),
        helper.make_node("Mul", [rest, "c"], ["y"]),
    ]
    numbers = {"root": 2**0.5, "one": 1.0, "half": 0.5}
    model = model_of(nodes, {key: np.array(v, np.float32) for key, v in numbers.items()})
    assert [node.op_type for node in with_patterns(model.graph)] == ["Gelu"]
    expect_same(model, tmp_path)
