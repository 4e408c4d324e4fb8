"""ONNX operators that work element by element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional

from networks.onnx.node import Call, OnnxNode, OnnxValue

Unary = Callable[[Tensor], Tensor]
Reader = Callable[[OnnxNode], Call]
_Term = Tensor | float


def _unary(function: Unary) -> Reader:
    return lambda node: node.call(function, node.value(0))


def number_of(value: OnnxValue, other: OnnxValue) -> float | None:
    """The number that a constant adds to, multiplies with … the `other` value; None if it isn't."""
    stretches = len(value.shape) > len(other.shape)
    if not value.constant or other.constant or value.tensor.numel() != 1 or stretches:
        return None
    return value.tensor.item()


def _binary(function: Callable[..., Tensor]) -> Reader:
    """Of two values, one of which may be a number."""

    def read(node: OnnxNode) -> Call:
        first, second = node.value(0), node.value(1)
        left, right = number_of(first, second), number_of(second, first)
        if right is not None:
            return node.call(lambda x: function(x, right), first)
        if left is not None:
            return node.call(lambda x: function(left, x), second)
        return node.call(function, first, second)

    return read


def _joined(function: Callable[[Tensor, Tensor], Tensor]) -> Reader:
    """Of two truths: PyTorch joins tensors only, so that a constant stays one."""
    return lambda node: node.call(function, node.value(0), node.value(1))


def _divide(first: _Term, second: _Term) -> Tensor:
    tensors = [value for value in (first, second) if isinstance(value, Tensor)]
    if any(value.is_floating_point() for value in tensors):
        return torch.div(first, second)
    return torch.div(first, second, rounding_mode="trunc")  # as ONNX divides integers


def _variadic(function: Callable[[Tensor, Tensor], Tensor]) -> Reader:
    return lambda node: node.call(lambda *xs: reduce(function, xs), *node.values())


def _mean(node: OnnxNode) -> Call:
    count = len(node.values())
    return node.call(lambda *xs: reduce(operator.add, xs) / count, *node.values())


def _clip(node: OnnxNode) -> Call:
    low, high = node.number(1), node.number(2)
    if (low, high) == (0.0, 6.0):
        return node.call(functional.relu6, node.value(0))
    if low is None and high is None:
        return node.call(lambda x: x, node.value(0))
    return node.call(lambda x: x.clamp(low, high), node.value(0))


def _hard_sigmoid(node: OnnxNode) -> Call:
    alpha, beta = node.float_attribute("alpha", 0.2), node.float_attribute("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return node.call(functional.hardsigmoid, node.value(0))
    return node.call(lambda x: (alpha * x + beta).clamp(0.0, 1.0), node.value(0))


def _gelu(node: OnnxNode) -> Call:
    kind = node.text_attribute("approximate", "none")
    return node.call(lambda x: functional.gelu(x, approximate=kind), node.value(0))


def _leaky_relu(node: OnnxNode) -> Call:
    alpha = node.float_attribute("alpha", 0.01)
    return node.call(lambda x: functional.leaky_relu(x, alpha), node.value(0))


def _elu(node: OnnxNode) -> Call:
    alpha = node.float_attribute("alpha", 1.0)
    return node.call(lambda x: functional.elu(x, alpha), node.value(0))


def _celu(node: OnnxNode) -> Call:
    alpha = node.float_attribute("alpha", 1.0)
    return node.call(lambda x: functional.celu(x, alpha), node.value(0))


def _selu(node: OnnxNode) -> Call:
    alpha = node.float_attribute("alpha", 1.67326319217681884765625)
    gamma = node.float_attribute("gamma", 1.05070102214813232421875)
    return node.call(lambda x: gamma * functional.elu(x, alpha), node.value(0))


def _prelu(node: OnnxNode) -> Call:
    x, slope = node.value(0), node.value(1)
    wide = (1, *slope.shape)[-len(x.shape) :]  # from the right, as ONNX broadcasts
    channels = len(wide) == len(x.shape) and wide == (1, x.shape[1], *([1] * (len(wide) - 2)))
    if not slope.constant or not (channels or slope.tensor.numel() == 1):
        raise node.error("it must have one constant slope, or one for each channel")
    flat = OnnxValue(slope.name, slope.tensor.reshape(-1), slope.trainable)
    return node.call(functional.prelu, x, *node.in_module(weight=flat))


def _mod(node: OnnxNode) -> Call:
    if node.integer_attribute("fmod", 0):
        return _binary(_with_its_sign)(node)
    if any(value.is_float for value in node.values()):
        raise node.error("of floating-point numbers it must have fmod=1")
    return _binary(torch.remainder)(node)


def _with_its_sign(first: _Term, second: _Term) -> Tensor:
    """The remainder with the sign of `first`, as C has it."""
    if isinstance(first, Tensor):
        return torch.fmod(first, second)
    return torch.fmod(torch.full_like(second, first), second)  # type: ignore[arg-type]


def _where(node: OnnxNode) -> Call:
    condition, first, second = node.values()
    low, high = number_of(first, condition), number_of(second, condition)
    if low is not None and high is None:
        return node.call(lambda c, y: torch.where(c, low, y), condition, second)
    if high is not None and low is None:
        return node.call(lambda c, x: torch.where(c, x, high), condition, first)
    return node.call(torch.where, condition, first, second)


ELEMENTWISE: dict[str, Reader] = {
    "Abs": _unary(torch.abs),
    "Add": _binary(operator.add),
    "And": _joined(torch.logical_and),
    "Ceil": _unary(torch.ceil),
    "Celu": _celu,
    "Clip": _clip,
    "Cos": _unary(torch.cos),
    "Div": _binary(_divide),
    "Elu": _elu,
    "Equal": _binary(operator.eq),
    "Erf": _unary(torch.erf),
    "Exp": _unary(torch.exp),
    "Floor": _unary(torch.floor),
    "Gelu": _gelu,
    "Greater": _binary(operator.gt),
    "GreaterOrEqual": _binary(operator.ge),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _unary(functional.hardswish),
    "LeakyRelu": _leaky_relu,
    "Less": _binary(operator.lt),
    "LessOrEqual": _binary(operator.le),
    "Log": _unary(torch.log),
    "Max": _variadic(torch.maximum),
    "Mean": _mean,
    "Min": _variadic(torch.minimum),
    "Mish": _unary(functional.mish),
    "Mod": _mod,
    "Mul": _binary(operator.mul),
    "Neg": _unary(torch.neg),
    "Not": _unary(torch.logical_not),
    "Or": _joined(torch.logical_or),
    "PRelu": _prelu,
    "Pow": _binary(torch.pow),
    "Reciprocal": _unary(torch.reciprocal),
    "Relu": _unary(torch.relu),
    "Round": _unary(torch.round),
    "Selu": _selu,
    "Sigmoid": _unary(torch.sigmoid),
    "Sign": _unary(torch.sign),
    "Sin": _unary(torch.sin),
    "Softplus": _unary(functional.softplus),
    "Softsign": _unary(functional.softsign),
    "Sqrt": _unary(torch.sqrt),
    "Sub": _binary(operator.sub),
    "Sum": _variadic(operator.add),
    "Tanh": _unary(torch.tanh),
    "Where": _where,
}
