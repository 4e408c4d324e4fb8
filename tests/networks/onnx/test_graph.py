from __future__ import annotations

from pathlib import Path

import pytest
import torch
from onnx import helper, numpy_helper

from networks import TeacherFileError, TeacherLimits
from networks.onnx import graph
from networks.onnx.file import read_onnx_file
from networks.onnx.graph import GraphReader, OnnxModule
from tests.hostile.onnx_files import Graph, small_model
from tests.networks.onnx_samples import expect_same, floats, integers, model_of


def module_of(model: object, folder: Path, limits: TeacherLimits | None = None) -> OnnxModule:
    limits = limits or TeacherLimits()
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())  # type: ignore[attr-defined]
    return GraphReader(read_onnx_file(path, limits), limits).module()


def test_names_become_modules_and_no_name_of_a_modules_own(tmp_path: Path) -> None:
    def odd(small: Graph) -> None:
        for tensor, name in zip(
            small.initializer,
            ("forward.weight", "forward.bias", "onnx::fc 1", "train.weight.bias"),
            strict=True,
        ):
            tensor.name = name
        small.node[0].input[1:] = ["forward.weight", "forward.bias"]
        small.node[4].input[1:] = ["onnx::fc 1", "train.weight.bias"]

    module = module_of(small_model(odd), tmp_path)
    names = ["forward_.weight", "forward_.bias", "fc.weight", "fc.bias"]
    assert sorted(name for name, _ in module.named_parameters()) == sorted(names)
    assert module(torch.randn(3, 3, 8, 8)).shape == (3, 10)


def test_tensors_that_two_layers_share_are_one(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], "first"),
        helper.make_node("MatMul", ["a", "w"], ["y"], "second"),
    ]
    model = model_of(nodes, {"w": floats(8, 8)})
    assert [name for name, _ in module_of(model, tmp_path).named_parameters()] == ["first.weight"]
    expect_same(model, tmp_path)


def test_constants_of_the_graph_are_trained_if_they_are_weights(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Mul", ["x", "features.scale"], ["a"]),
        helper.make_node("Gather", ["a", "order"], ["y"], axis=1),
    ]
    model = model_of(nodes, {"features.scale": floats(4, 1, 1), "order": integers(3, 1, 0, 2)})
    module = module_of(model, tmp_path)
    assert [name for name, _ in module.named_parameters()] == ["constants.features_scale"]
    assert [name for name, _ in module.named_buffers()] == ["constants.y_indices"]


def test_weights_in_constant_nodes_are_trained(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(floats(6, 4, 3, 3))
    nodes = [
        helper.make_node("Constant", [], ["conv.weight"], value=weight),
        helper.make_node("Conv", ["x", "conv.weight"], ["y"], "conv"),
    ]
    module = module_of(model_of(nodes, {}), tmp_path)
    assert [name for name, _ in module.named_parameters()] == ["conv.weight"]


def test_work_is_refused_before_it_is_done_on_constants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def done(*_: object) -> None:
        raise AssertionError("the product was computed")

    monkeypatch.setattr(GraphReader, "_fold", done)
    nodes = [
        helper.make_node("MatMul", ["a", "a"], ["b"]),
        helper.make_node("Add", ["x", "b"], ["y"]),
    ]
    model = model_of(nodes, {"a": floats(100, 100)})
    with pytest.raises(TeacherFileError, match="more than 10000 multiply-accumulates"):
        module_of(model, tmp_path, TeacherLimits(max_macs=10_000))


def test_a_small_file_may_not_compute_large_constants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = [
        helper.make_node("Expand", ["one", "size"], ["wide"]),
        helper.make_node("Add", ["x", "wide"], ["y"]),
    ]
    model = model_of(nodes, {"one": floats(1), "size": integers(1, 4, 6, 8)})
    module_of(model, tmp_path)
    monkeypatch.setattr(graph, "MOST_COMPUTED", 100)
    with pytest.raises(TeacherFileError, match="computed constants have more than 100 numbers"):
        module_of(model, tmp_path)


def test_an_image_may_not_take_more_work_or_memory_than_the_limits(tmp_path: Path) -> None:
    macs = 8 * 8 * 6 * 3 * 3 * 3
    module_of(small_model(), tmp_path, TeacherLimits(max_macs=macs + 60))
    with pytest.raises(TeacherFileError, match="more than 10000 multiply-accumulates"):
        module_of(small_model(), tmp_path, TeacherLimits(max_macs=10_000))
    with pytest.raises(TeacherFileError, match=r"'conv' \(Conv\): it needs more memory"):
        module_of(small_model(), tmp_path, TeacherLimits(max_activation_bytes=1000))
    with pytest.raises(TeacherFileError, match="constants have more than 200 numbers"):
        module_of(small_model(), tmp_path, TeacherLimits(max_params=200))
