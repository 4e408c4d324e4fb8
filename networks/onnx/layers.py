"""ONNX operators with weights, and normalisations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from networks.onnx.node import Call, OnnxNode, OnnxValue
from networks.onnx.pools import padding_of


def _conv(node: OnnxNode) -> Call:
    x, weight, bias = node.value(0), node.value(1), node.optional(2)
    rank = len(weight.shape) - 2
    stride = node.integers_attribute("strides") or [1] * rank
    dilation = node.integers_attribute("dilations") or [1] * rank
    groups = node.integer_attribute("group", 1)
    kernel = list(weight.shape[2:])
    before, after = padding_of(node, x.shape[2:], kernel, stride, dilation)
    convolve = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}.get(rank)
    if convolve is None:
        raise node.error(f"a convolution over {rank} dimensions is not taken")
    if min(*stride, *dilation, groups) < 1:
        raise node.error("its strides, dilations and group must be positive")

    def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if before != after:
            x = functional.pad(x, _pairs(before, after))
            return convolve(x, weight, bias, stride, 0, dilation, groups)
        return convolve(x, weight, bias, stride, before, dilation, groups)

    return node.call(run, x, *node.in_module(weight=weight, bias=bias))


def _pairs(before: list[int], after: list[int]) -> list[int]:
    """ONNX's padding as PyTorch has it: from the last dimension on, before and after."""
    return [size for pair in zip(reversed(before), reversed(after), strict=True) for size in pair]


def _conv_transpose(node: OnnxNode) -> Call:
    x, weight, bias = node.value(0), node.value(1), node.optional(2)
    if len(weight.shape) != 4 or node.has("output_shape"):
        raise node.error("only transposed convolutions of images, without output_shape, are taken")
    if node.text_attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise node.error("its padding must be given as pads, not as auto_pad")
    stride = node.integers_attribute("strides") or [1, 1]
    dilation = node.integers_attribute("dilations") or [1, 1]
    extra = node.integers_attribute("output_padding") or [0, 0]
    groups = node.integer_attribute("group", 1)
    before, after = padding_of(node, x.shape[2:], list(weight.shape[2:]), stride, dilation)
    if before != after:
        raise node.error("its padding must be the same on both sides")

    def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return functional.conv_transpose2d(x, weight, bias, stride, before, extra, groups, dilation)

    return node.call(run, x, *node.in_module(weight=weight, bias=bias))


def _gemm(node: OnnxNode) -> Call:
    x, weight, bias = node.value(0), node.value(1), node.optional(2)
    if node.float_attribute("alpha", 1.0) != 1.0 or node.float_attribute("beta", 1.0) != 1.0:
        raise node.error("alpha and beta must be 1")
    if node.integer_attribute("transA", 0):
        raise node.error("its first input must not be transposed")
    if not node.integer_attribute("transB", 0):
        weight = _transposed(node, weight)
    if bias is not None and bias.constant and bias.shape != (weight.shape[0],):
        flat = bias.tensor.reshape(-1).expand(weight.shape[0]).clone()
        bias = OnnxValue(bias.name, flat, bias.trainable)
    return node.call(functional.linear, x, *node.in_module(weight=weight, bias=bias))


def _transposed(node: OnnxNode, weight: OnnxValue) -> OnnxValue:
    """A constant matrix with its dimensions swapped."""
    if not weight.constant or len(weight.shape) != 2:
        raise node.error("its second input must be a constant matrix")
    return OnnxValue(weight.name, weight.tensor.t().contiguous(), weight.trainable)


def _matmul(node: OnnxNode) -> Call:
    x, weight = node.value(0), node.value(1)
    if weight.constant and len(weight.shape) == 2 and not x.constant:
        return node.call(functional.linear, x, *node.in_module(weight=_transposed(node, weight)))
    return node.call(torch.matmul, x, weight)


def _batch_norm(node: OnnxNode) -> Call:
    if node.integer_attribute("training_mode", 0):
        raise node.error("it is in training mode; export in eval mode")
    eps = node.float_attribute("epsilon", 1e-5)
    momentum = 1.0 - node.float_attribute("momentum", 0.9)
    weight, bias, mean, var = (node.value(index) for index in range(1, 5))
    if not all(value.constant for value in (weight, bias, mean, var)):
        raise node.error("its statistics must be constants")

    def run(x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, var: Tensor) -> Tensor:
        return functional.batch_norm(x, mean, var, weight, bias, False, momentum, eps)

    tensors = node.in_module(weight=weight, bias=bias, running_mean=mean, running_var=var)
    return node.call(run, node.value(0), *tensors)


def _layer_norm(node: OnnxNode) -> Call:
    x, weight, bias = node.value(0), node.value(1), node.optional(2)
    eps = node.float_attribute("epsilon", 1e-5)
    shape = list(x.shape[node.integer_attribute("axis", -1) % len(x.shape) :])

    def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return functional.layer_norm(x, shape, weight, bias, eps)

    return node.call(run, x, *node.in_module(weight=weight, bias=bias))


def _instance_norm(node: OnnxNode) -> Call:
    eps = node.float_attribute("epsilon", 1e-5)

    def run(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.instance_norm(x, None, None, weight, bias, True, 0.1, eps)

    return node.call(run, node.value(0), *node.in_module(weight=node.value(1), bias=node.value(2)))


def _group_norm(node: OnnxNode) -> Call:
    groups = node.integer_attribute("num_groups", 1)
    eps = node.float_attribute("epsilon", 1e-5)
    x, weight, bias = node.value(0), node.value(1), node.value(2)
    if weight.shape != (x.shape[1],):
        raise node.error("it must have one scale for each channel, as from opset 21 on")

    def run(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.group_norm(x, groups, weight, bias, eps)

    return node.call(run, x, *node.in_module(weight=weight, bias=bias))


def _local_response_norm(node: OnnxNode) -> Call:
    size = node.integer_attribute("size", 0)
    alpha, beta = node.float_attribute("alpha", 1e-4), node.float_attribute("beta", 0.75)
    bias = node.float_attribute("bias", 1.0)
    return node.call(
        lambda x: functional.local_response_norm(x, size, alpha, beta, bias), node.value(0)
    )


def _softmax(node: OnnxNode) -> Call:
    x = node.value(0)
    dim = node.integer_attribute("axis", -1) % len(x.shape)
    return node.call(lambda x: x.softmax(dim), x)


def _log_softmax(node: OnnxNode) -> Call:
    x = node.value(0)
    dim = node.integer_attribute("axis", -1) % len(x.shape)
    return node.call(lambda x: x.log_softmax(dim), x)


def _lp_norm(node: OnnxNode) -> Call:
    x, order = node.value(0), node.integer_attribute("p", 2)
    dim = node.integer_attribute("axis", -1) % len(x.shape)
    return node.call(lambda x: x / x.norm(order, dim, keepdim=True), x)


def _identity(node: OnnxNode) -> Call:
    return node.call(lambda x: x, node.value(0))


LAYERS: dict[str, Callable[[OnnxNode], Call]] = {
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Dropout": _identity,  # in eval mode: that is how a teacher is exported
    "Gemm": _gemm,
    "GroupNormalization": _group_norm,
    "Identity": _identity,
    "InstanceNormalization": _instance_norm,
    "LRN": _local_response_norm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _log_softmax,
    "LpNormalization": _lp_norm,
    "MatMul": _matmul,
    "Softmax": _softmax,
}
