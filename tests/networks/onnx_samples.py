"""ONNX models of one node, computed by ONNX Runtime and by what we read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from networks.intake.limits import TeacherLimits
from networks.onnx.reading import import_onnx

Array = NDArray[Any]
IMAGE = (4, 6, 8)


@dataclass(frozen=True)
class Sample:
    """A node that reads `x` (the images) and constants."""

    op: str
    constants: Mapping[str, Array | None] = field(default_factory=dict)  # None: left out
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 1
    opset: int = 18
    before: str = ""  # a node of one input that `x` goes through first


def names_of(samples: Sequence[Sample]) -> list[str]:
    """Names for the tests of samples."""
    return [f"{number}-{sample.op}" for number, sample in enumerate(samples)]


def floats(*shape: int, seed: int = 0) -> Array:
    """Random float32."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def integers(*values: int) -> Array:
    """One dimension of int64."""
    return np.array(values, np.int64)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, Array],
    opset: int = 18,
    output: str = "y",
    image: Sequence[int] = IMAGE,
) -> onnx.ModelProto:
    """A model of nodes from `x` to `y`."""
    graph = helper.make_graph(
        list(nodes),
        "sample",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *image])],
        [helper.make_empty_tensor_value_info(output)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def sample_model(sample: Sample) -> onnx.ModelProto:
    """The model of one node, whose outputs are added up from the last dimension on."""
    constants = {name: value for name, value in sample.constants.items() if value is not None}
    inputs = ["x", *(name if name in constants else "" for name in sample.constants)]
    nodes = []
    if sample.before:
        nodes.append(helper.make_node(sample.before, ["x"], ["before"]))
        inputs[0] = "before"
    outputs = ["y"] if sample.outputs == 1 else [f"y{i}" for i in range(sample.outputs)]
    nodes.append(helper.make_node(sample.op, inputs, outputs, "node", **sample.attributes))
    if sample.outputs > 1:
        nodes.append(helper.make_node("Concat", outputs[::-1], ["y"], axis=1))
    return model_of(nodes, constants, sample.opset)


def ours(model: onnx.ModelProto, folder: Path, images: Tensor) -> Array:
    """What we read, on images."""
    path = folder / "sample.onnx"
    path.write_bytes(model.SerializeToString())
    module, _ = import_onnx(path, TeacherLimits())
    with torch.no_grad():
        result: Array = module(images).numpy()
    return result


def runtimes(model: onnx.ModelProto, images: Tensor) -> Array:
    """What ONNX Runtime gives, image by image."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    rows = [session.run(None, {"x": image[None].numpy()})[0] for image in images]
    return np.concatenate(rows)


def expect_same(model: onnx.ModelProto, folder: Path, image: Sequence[int] = IMAGE) -> None:
    """We compute, on a batch of three, what ONNX Runtime does on each image."""
    images = torch.randn(3, *image, generator=torch.Generator().manual_seed(1))
    np.testing.assert_allclose(
        ours(model, folder, images), runtimes(model, images), rtol=1e-5, atol=1e-5
    )
