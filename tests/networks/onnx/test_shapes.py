from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from networks import TeacherFileError
from networks.onnx.shapes import SHAPES
from tests.networks.onnx_samples import (
    Sample,
    expect_same,
    floats,
    integers,
    model_of,
    names_of,
    sample_model,
)

SAMPLES = (
    Sample("Reshape", {"shape": integers(-1, 192)}),
    Sample("Reshape", {"shape": integers(1, -1)}),
    Sample("Reshape", {"shape": integers(1, 2, 2, 6, 8)}),
    Sample("Reshape", {"shape": integers(0, 0, -1)}),
    Sample("Flatten"),
    Sample("Flatten", attributes={"axis": -3}),
    Sample("Unsqueeze", {"axes": integers(2, -1)}),
    Sample("Squeeze", {"axes": integers(2, -1)}, before="GlobalAveragePool"),
    Sample("Transpose", attributes={"perm": [0, 2, 3, 1]}),
    Sample("Concat", {"rest": floats(1, 2, 6, 8)}, {"axis": 1}),
    Sample("Split", {"sizes": integers(1, 3)}, {"axis": 1}, outputs=2),
    Sample("Split", attributes={"axis": 1, "num_outputs": 2}, outputs=2),
    Sample("Slice", {"from": integers(1, -5), "to": integers(99, -1), "axes": integers(1, 3)}),
    Sample("Slice", {"from": integers(0), "to": integers(8), "axes": integers(-1),
                     "steps": integers(3)}),
    Sample("Slice", {"from": integers(-1), "to": integers(-(2**62)), "axes": integers(3),
                     "steps": integers(-1)}),
    Sample("Slice", {"from": integers(7), "to": integers(-9), "axes": integers(3),
                     "steps": integers(-1)}),
    Sample("Gather", {"indices": np.array(-1, np.int64)}, {"axis": 1}),
    Sample("Gather", {"indices": integers(3, 0, -2)}, {"axis": 1}),
    Sample("Gather", {"indices": integers(3, 0, 1, 2).reshape(2, 2)}, {"axis": 2}),
    Sample("Expand", {"shape": integers(1, 4, 6, 8)}, before="GlobalAveragePool"),
    Sample("Tile", {"repeats": integers(1, 2, 1, 3)}),
    Sample("Cast", attributes={"to": 1}),
    Sample("DepthToSpace", attributes={"blocksize": 2, "mode": "CRD"}),
    Sample("Einsum", {"weight": floats(4, 5)}, {"equation": "bchw,cd->bdhw"}),
    Sample("ReduceMean", {"axes": integers(2, 3)}, {"keepdims": 0}),
    Sample("ReduceMean", attributes={"axes": [-1]}, opset=17),
    Sample("ReduceSum", {"axes": integers(-3)}),
    Sample("ReduceMax", {"axes": integers(2)}),
    Sample("ReduceMin", {"axes": integers(2)}),
    Sample("ReduceProd", {"axes": integers(2, 3)}),
    Sample("ReduceL2", {"axes": integers(1)}),
)  # fmt: skip
REFUSED = (
    (Sample("Reshape", {"shape": integers(7, 11)}), "can't be reshaped"),
    (
        Sample(
            "Slice",
            {"from": integers(-1), "to": integers(-8), "axes": integers(3), "steps": integers(-1)},
        ),
        "over a whole dimension only",
    ),
    (Sample("ReduceMean", {"axes": integers(0)}), "mixes the images"),
    (Sample("Tile", {"repeats": integers(2, 1, 1, 1)}), "repeats the batch"),
    (Sample("Gather", {"indices": integers(4)}, {"axis": 1}), "not one of a dimension of 4"),
    (Sample("Cast", attributes={"to": 11}), "another type"),
)


@pytest.mark.parametrize("sample", SAMPLES, ids=names_of(SAMPLES))
def test_it_computes_what_the_runtime_does(sample: Sample, tmp_path: Path) -> None:
    expect_same(sample_model(sample), tmp_path)


def test_every_operator_on_images_has_a_sample() -> None:
    shapes = {"Constant", "ConstantOfShape", "Range", "Shape", "Size"}
    assert SHAPES.keys() - {sample.op for sample in SAMPLES} == shapes


@pytest.mark.parametrize(("sample", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_can_not_be_computed_image_by_image_is_refused(
    sample: Sample, says: str, tmp_path: Path
) -> None:
    with pytest.raises(TeacherFileError, match=says):
        expect_same(sample_model(sample), tmp_path)


def test_shapes_that_exporters_compute_are_folded(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"], axis=0),
        helper.make_node("Constant", [], ["one"], value_int=1),
        helper.make_node("Sub", ["zero", "one"], ["rest"]),
        helper.make_node("Concat", ["batch", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["rows"]),
        helper.make_node("Size", ["one"], ["count"]),
        helper.make_node("Range", ["count0", "four", "step"], ["range"]),
        helper.make_node("Gather", ["rows", "range"], ["some"], axis=1),
        helper.make_node("ConstantOfShape", ["wide"], ["ones"],
                         value=numpy_helper.from_array(np.ones(1, np.float32))),
        helper.make_node("Concat", ["some", "ones"], ["y"], axis=1),
    ]  # fmt: skip
    constants = {
        "zero": integers(0),
        "count0": np.array(1, np.int64),
        "four": np.array(4, np.int64),
        "step": np.array(2, np.int64),
        "wide": integers(1, 3),
    }
    expect_same(model_of(nodes, constants), tmp_path)
