from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from networks import (
    Architecture,
    ArchitectureError,
    Layer,
    TensorSpec,
    Traced,
    WeightsError,
    build,
    trace,
    weights_of,
)
from networks.architecture_json import Attribute


def test_modules_are_pytorchs_under_their_own_names(resnet20: Traced) -> None:
    modules = dict(build(resnet20.architecture).named_modules())
    assert isinstance(modules["stages.1.0.shortcut.0"], nn.Conv2d)
    assert isinstance(modules["stages.1.0.bn2"], nn.BatchNorm2d)


def test_weights_go_in_and_come_out_unchanged(resnet20: Traced) -> None:
    again = weights_of(build(resnet20.architecture, resnet20.weights))
    assert again.keys() == resnet20.weights.keys()
    assert all(torch.equal(again[name], value) for name, value in resnet20.weights.items())


def test_batch_norm_and_dropout_follow_train_and_eval() -> None:
    module = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5))
    traced = trace(module, torch.randn(8, 4))
    built = build(traced.architecture, traced.weights)
    values = torch.randn(64, 4) + 3
    built.train()(values)
    assert float(weights_of(built)["0.running_mean"].mean()) == pytest.approx(0.3, abs=0.1)
    assert (built(values) == 0).float().mean() > 0.3
    assert (built.eval()(values) == 0).float().mean() == 0


def test_any_batch_size_runs(resnet20: Traced) -> None:
    student = build(resnet20.architecture).eval()
    for batch in (1, 2, 5):
        assert student(torch.zeros(batch, 3, 32, 32)).shape == (batch, 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("fc.bias"), "lack"),
        (lambda w: w.update(extra=torch.zeros(1)), "extra"),
        (lambda w: w.update({"fc.bias": torch.zeros(8)}), r"shape \(8,\), expected \(7,\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    resnet20: Traced, change: object, message: str
) -> None:
    weights = dict(resnet20.weights)
    assert callable(change)
    change(weights)
    with pytest.raises(WeightsError, match=message):
        build(resnet20.architecture, weights)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Layer("a", "no_such_operator", ("input",), (3,), {"args": []}), "no operator"),
        (Layer("a", "relu_", ("input",), (3,), {"args": [{"input": 0}]}), "changes its inputs"),
        (Layer("a", "relu", ("input",), (3,), {"args": [{"input": 1}]}), "is no argument"),
        (Layer("a", "relu", ("input",), (3,), {}), "'args' must be a list"),
        (Layer("a", "permute", ("input",), (3,), {"dims": "01"}), "list of integers"),
        (Layer("a", "dropout", ("input",), (3,), {"p": "half"}), "must be a number"),
    ],
)
def test_a_layer_that_pytorch_can_not_do_is_refused(layer: Layer, message: str) -> None:
    architecture = Architecture((Layer("input", "input", (), (3,)), layer), {}, "a")
    with pytest.raises(ArchitectureError, match=message):
        build(architecture)


def test_layers_whose_tensors_belong_to_several_modules_are_refused(resnet20: Traced) -> None:
    layers = tuple(
        replace(layer, tensors={**layer.tensors, "bias": "fc.bias"})
        if layer.name == "conv1"
        else layer
        for layer in resnet20.architecture
    )
    architecture = Architecture(layers, resnet20.architecture.tensors, "fc")
    with pytest.raises(ArchitectureError, match="several modules"):
        build(architecture)


@pytest.mark.parametrize("where", ["argument", "layer", "tensor"])
def test_names_are_never_run_as_code(where: str) -> None:
    code = "x=exec('raise SystemExit'), y"
    keywords: dict[str, Attribute] = {code: 1} if where == "argument" else {}
    name = code if where == "layer" else "relu"
    tensors = {code: TensorSpec((1,), True)} if where == "tensor" else {}
    attributes: dict[str, Attribute] = {"args": [{"input": 0}], "kwargs": keywords}
    layers = (
        Layer("input", "input", (), (3,)),
        Layer(name, "relu", ("input",), (3,), attributes),
    )
    with pytest.raises(ArchitectureError, match="can't be a name"):
        build(Architecture(layers, tensors, name))


def test_layers_that_share_a_tensor_and_differ_are_refused() -> None:
    shared = {"weight": "fc.weight"}
    layers = (
        Layer("input", "input", (), (3,)),
        Layer("a", "linear", ("input",), (3,), {}, {**shared, "bias": "fc.bias"}),
        Layer("b", "linear", ("a",), (3,), {}, shared),
    )
    tensors = {"fc.weight": TensorSpec((3, 3), True), "fc.bias": TensorSpec((3,), True)}
    with pytest.raises(ArchitectureError, match="'a' and 'b' share a tensor"):
        build(Architecture(layers, tensors, "b"))


def test_a_part_that_a_built_network_has_itself_is_refused() -> None:
    layers = (
        Layer("input", "input", (), (3,)),
        Layer("meta", "linear", ("input",), (3,), {}, {"weight": "meta.weight"}),
    )
    with pytest.raises(ArchitectureError, match=r"'meta\.weight'"):
        build(Architecture(layers, {"meta.weight": TensorSpec((3, 3), True)}, "meta"))
