from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from networks import TeacherFileError
from networks.onnx.elementwise import ELEMENTWISE
from tests.networks.onnx_samples import (
    Sample,
    expect_same,
    floats,
    model_of,
    names_of,
    sample_model,
)

HALF = np.array(0.5, np.float32)
ALONE = (
    "Abs", "Ceil", "Celu", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish",
    "LeakyRelu", "Mish", "Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin",
    "Softplus", "Softsign", "Tanh",
)  # fmt: skip
WITH_A_NUMBER = ("Add", "Div", "Mul", "Sub")
SAMPLES = (
    *(Sample(op) for op in ALONE),
    *(Sample(op, {"number": HALF}) for op in WITH_A_NUMBER),
    *(Sample(op, {"rows": floats(4, 1, 1)}) for op in WITH_A_NUMBER),
    Sample("Sqrt", before="Abs"),
    Sample("Log", before="Abs"),
    Sample("Pow", {"number": np.array(2.0, np.float32)}),
    Sample("Gelu", attributes={"approximate": "none"}, opset=20),
    Sample("Gelu", attributes={"approximate": "tanh"}, opset=20),
    Sample("HardSigmoid", attributes={"alpha": 1 / 6, "beta": 0.5}),
    Sample("LeakyRelu", attributes={"alpha": 0.3}),
    Sample("Elu", attributes={"alpha": 0.7}),
    Sample("Clip", {"low": np.array(0, np.float32), "high": np.array(6, np.float32)}),
    Sample("Clip", {"low": np.array(-1, np.float32)}),
    Sample("Clip", {"low": None, "high": HALF}),
    Sample("Max", {"other": floats(4, 6, 8)}),
    Sample("Min", {"other": floats(4, 6, 8)}),
    Sample("Sum", {"other": floats(4, 6, 8), "third": floats(8, seed=1)}),
    Sample("Mean", {"other": floats(4, 6, 8)}),
    Sample("PRelu", {"slope": floats(4, 1, 1)}),
    Sample("PRelu", {"slope": floats(1, 4, 1, 1)}),
    Sample("PRelu", {"slope": floats(1)}),
    Sample("Mod", {"number": HALF}, {"fmod": 1}),
    Sample("Mod", {"rows": np.abs(floats(4, 1, 1)) + 1}, {"fmod": 1}),
)
COMPARED = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
JOINED = ("And", "Or")


@pytest.mark.parametrize("sample", SAMPLES, ids=names_of(SAMPLES))
def test_it_computes_what_the_runtime_does(sample: Sample, tmp_path: Path) -> None:
    expect_same(sample_model(sample), tmp_path)


def test_every_operator_of_floats_has_a_sample() -> None:
    logic = {*COMPARED, *JOINED, "Not", "Where"}
    assert ELEMENTWISE.keys() - {sample.op for sample in SAMPLES} == logic


@pytest.mark.parametrize("left", [True, False], ids=["number first", "image first"])
@pytest.mark.parametrize("op", COMPARED)
def test_images_are_compared_with_numbers(op: str, left: bool, tmp_path: Path) -> None:
    terms = ["number", "rounded"] if left else ["rounded", "number"]
    nodes = [
        helper.make_node("Round", ["x"], ["rounded"]),
        helper.make_node(op, terms, ["truth"]),
        helper.make_node("Where", ["truth", "x", "number"], ["y"]),
    ]
    expect_same(model_of(nodes, {"number": np.array(1, np.float32)}), tmp_path)


@pytest.mark.parametrize("op", JOINED)
def test_truths_of_images_are_joined(op: str, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Less", ["x", "number"], ["a"]),
        helper.make_node("Less", ["number", "twice"], ["b"]),
        helper.make_node("Add", ["x", "x"], ["twice"]),
        helper.make_node("Not", ["a"], ["c"]),
        helper.make_node(op, ["b", "c"], ["truth"]),
        helper.make_node("Where", ["truth", "number", "x"], ["y"]),
    ]
    nodes.insert(0, nodes.pop(2))
    expect_same(model_of(nodes, {"number": HALF}), tmp_path)


@pytest.mark.parametrize("truths", [[True], [False], [True, False] * 4], ids=["T", "F", "row"])
@pytest.mark.parametrize("left", [True, False], ids=["constant first", "image first"])
@pytest.mark.parametrize("op", JOINED)
def test_truths_are_joined_with_constants(
    op: str, left: bool, truths: list[bool], tmp_path: Path
) -> None:
    nodes = [
        helper.make_node("Less", ["x", "number"], ["less"]),
        helper.make_node(op, ["known", "less"] if left else ["less", "known"], ["truth"]),
        helper.make_node("Where", ["truth", "number", "x"], ["y"]),
    ]
    shape = () if len(truths) == 1 else (8,)
    known = np.array(truths, np.bool_).reshape(shape)
    expect_same(model_of(nodes, {"number": HALF, "known": known}), tmp_path)


@pytest.mark.parametrize("first", [5.0, -5.0])
def test_the_remainder_of_a_number_has_its_sign(first: float, tmp_path: Path) -> None:
    nodes = [helper.make_node("Mod", ["number", "x"], ["y"], fmod=1)]
    expect_same(model_of(nodes, {"number": np.array(first, np.float32)}), tmp_path)


def test_a_remainder_of_floats_without_fmod_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TeacherFileError, match="must have fmod=1"):
        expect_same(sample_model(Sample("Mod", {"number": HALF})), tmp_path)


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_a_slope_along_another_dimension_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    nodes = [helper.make_node("PRelu", ["x", "slope"], ["y"])]
    model = model_of(nodes, {"slope": floats(*shape)}, image=(8, 8, 8))
    with pytest.raises(TeacherFileError, match="must have one constant slope"):
        expect_same(model, tmp_path, (8, 8, 8))


def test_a_slope_for_each_pixel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TeacherFileError, match=r"node 'node' \(PRelu\): it must have one constant"):
        expect_same(sample_model(Sample("PRelu", {"slope": floats(4, 6, 8)})), tmp_path)
