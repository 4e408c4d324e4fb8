"""Real networks, exported by PyTorch's two exporters, against ONNX Runtime."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from networks import Space, TeacherLimits, build, export_onnx, network, read_onnx
from networks.onnx.reading import import_onnx

FAST = (
    ("zoo/resnet20", 13),
    ("torchvision/mobilenet_v3_small", 17),
    ("torchvision/shufflenet_v2_x0_5", 17),
)
ALL = (
    "torchvision/resnet18",
    "torchvision/shufflenet_v2_x0_5",
    "torchvision/densenet121",
    "torchvision/efficientnet_b0",
    "torchvision/convnext_tiny",
    "torchvision/googlenet",
)


def module_of(name: str) -> nn.Module:
    """A network in eval mode whose statistics are not the identity."""
    torch.manual_seed(0)
    module = network(name, 10, 3).eval()
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
                part.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
            if isinstance(part, nn.LayerNorm | nn.BatchNorm2d):
                part.weight.uniform_(0.5, 1.5)
    return module


def export(module: nn.Module, path: Path, opset: int, dynamo: bool, any_batch: bool) -> None:
    images = torch.randn(2 if dynamo and any_batch else 1, 3, 64, 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            torch.onnx.export(
                module,
                (images,),
                path,
                dynamo=True,
                external_data=False,
                opset_version=opset,
                verbose=False,
                dynamic_shapes=({0: torch.export.Dim("batch")},) if any_batch else None,
            )
        else:
            torch.onnx.export(
                module,
                (images,),
                path,
                dynamo=False,
                opset_version=opset,
                input_names=["x"],
                dynamic_axes={"x": {0: "batch"}} if any_batch else None,
            )


def expect_teacher(path: Path) -> Space:
    """What is read computes, for a batch of three, what ONNX Runtime does for each image."""
    teacher = read_onnx(path, TeacherLimits())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = torch.randn(3, *teacher.architecture.input_shape)
    key = session.get_inputs()[0].name
    expected = np.concatenate([session.run(None, {key: x[None].numpy()})[0] for x in images])
    with torch.no_grad():
        found = build(teacher.architecture, teacher.weights).eval()(images).numpy()
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    return Space(teacher.architecture)


@pytest.mark.parametrize(("name", "opset"), FAST)
@pytest.mark.parametrize("any_batch", [True, False], ids=["any batch", "batch of one"])
def test_a_network_of_any_or_of_one_batch_becomes_a_teacher(
    name: str, opset: int, any_batch: bool, tmp_path: Path
) -> None:
    export(module_of(name), tmp_path / "m.onnx", opset, dynamo=False, any_batch=any_batch)
    space = expect_teacher(tmp_path / "m.onnx")
    assert len(space.groups) >= 8


def test_our_own_export_comes_back(tmp_path: Path) -> None:
    module = module_of("zoo/resnet20")
    export_onnx(module, (3, 32, 32), tmp_path / "m.onnx")
    imported, shape = import_onnx(tmp_path / "m.onnx", TeacherLimits())
    assert shape == (3, 32, 32)
    images = torch.randn(5, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(imported(images), module(images), rtol=1e-4, atol=1e-5)
    space = expect_teacher(tmp_path / "m.onnx")
    names = {layer.name for layer in space.architecture}
    assert {"conv1", "fc"} <= names  # as in the network itself


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("opset", "dynamo", "any_batch"),
    [(13, False, False), (17, False, True), (18, True, True), (23, True, False)],
    ids=["13", "17", "18 dynamo", "23 dynamo"],
)
def test_every_family_in_every_opset(
    name: str, opset: int, dynamo: bool, any_batch: bool, tmp_path: Path
) -> None:
    export(module_of(name), tmp_path / "m.onnx", opset, dynamo, any_batch)
    expect_teacher(tmp_path / "m.onnx")
