from __future__ import annotations

import pytest
import torch
from onnx import helper

from networks import TeacherFileError
from networks.onnx.node import OnnxNode, OnnxValue, Place

CONSTANT = OnnxValue("conv1.weight", torch.tensor([3.0]), trainable=True)
BIAS = OnnxValue("conv1.bias", torch.tensor([[1, 2]]))
IMAGES = OnnxValue("x", torch.empty(1, 3, device="meta"))


def node(*inputs: OnnxValue | None, **attributes: object) -> OnnxNode:
    proto = helper.make_node("Odd", ["i"] * len(inputs), ["y"], "layer/odd")
    proto.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    return OnnxNode(proto, inputs, 17)


def test_inputs_are_values_constants_or_left_out() -> None:
    odd = node(IMAGES, None, CONSTANT, BIAS)
    assert odd.value(0) is IMAGES
    assert odd.optional(1) is None
    assert odd.optional(9) is None
    assert odd.number(2) == 3.0
    assert odd.integers(3) == [1, 2]
    assert odd.integers(9) is None


def test_what_is_wrong_with_an_input_names_the_node() -> None:
    odd = node(IMAGES, None, BIAS)
    with pytest.raises(TeacherFileError, match=r"node 'layer/odd' \(Odd\): its input 1 is missing"):
        odd.value(1)
    with pytest.raises(TeacherFileError, match="its input 'x' must be a constant"):
        odd.constant(0)
    with pytest.raises(TeacherFileError, match="must be one number"):
        odd.number(2)


def test_attributes_are_of_their_kind() -> None:
    odd = node(size=3, rate=0.5, mode="linear", pads=[1, 2])
    assert odd.integer_attribute("size", 1) == 3
    assert odd.integer_attribute("other", 1) == 1
    assert odd.float_attribute("rate", 1.0) == 0.5
    assert odd.text_attribute("mode", "") == "linear"
    assert odd.integers_attribute("pads") == [1, 2]
    assert odd.integers_attribute("other") is None
    assert odd.has("pads")
    for wrong in (
        lambda: odd.integer_attribute("mode", 1),
        lambda: odd.float_attribute("pads", 1.0),
        lambda: odd.integers_attribute("size"),
    ):
        with pytest.raises(TeacherFileError, match="must be"):
            wrong()


def test_constants_stand_in_one_module_if_all_are_constants() -> None:
    weight, bias = node().in_module(weight=CONSTANT, bias=BIAS)
    members = ("conv1.weight", "conv1.bias")
    assert weight.place == Place("conv1", members, "weight")
    assert bias.place == Place("conv1", members, "bias")
    unnamed = OnnxValue("onnx::Conv_1", torch.ones(1))
    assert node().in_module(weight=unnamed)[0].place == Place(
        "layer/odd", ("onnx::Conv_1",), "weight"
    )
    assert node().in_module(weight=IMAGES, bias=BIAS) == (IMAGES, BIAS)
