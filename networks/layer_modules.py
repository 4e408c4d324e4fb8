"""PyTorch's own module for a layer: convolution, linear layer, normalisation or dropout."""

from __future__ import annotations

from torch import nn

from networks import operators as ops
from networks.architecture import Architecture, Layer
from networks.errors import ArchitectureError

_BATCH_NORMS: dict[int, type[nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d]] = {
    1: nn.BatchNorm1d,
    2: nn.BatchNorm1d,
    3: nn.BatchNorm2d,
    4: nn.BatchNorm3d,
}


def module_key(layer: Layer) -> tuple[object, ...]:
    """What two layers must have in common to share one module."""
    rank = len(layer.shape) if layer.op == ops.BATCH_NORM else 0
    return layer.op, dict(layer.attributes), dict(layer.tensors), rank


def make_module(architecture: Architecture, layer: Layer) -> nn.Module:
    """A module for a layer whose operator is one of `operators.MODULES`.

    Tensors that are not trained are buffers of it, the kernel of a blurring convolution too.

    Raises:
        ArchitectureError: If an attribute is missing or of the wrong type.
    """
    module = _make(architecture, layer)
    parameters = dict(module.named_parameters())
    for role, name in layer.tensors.items():
        if role in parameters and not architecture.tensors[name].trainable:
            delattr(module, role)
            module.register_buffer(role, parameters[role].detach())
    return module


def _make(architecture: Architecture, layer: Layer) -> nn.Module:
    if layer.op == ops.DROPOUT:
        return nn.Dropout(_number(layer, "p"))
    if layer.op == ops.BATCH_NORM:
        return _batch_norm(architecture, layer)
    if layer.op == ops.LAYER_NORM:
        return _layer_norm(layer)
    if layer.op == ops.GROUP_NORM:
        affine, channels = "weight" in layer.tensors, layer.shape[0]
        return nn.GroupNorm(layer.integer("groups"), channels, _number(layer, "eps"), affine)
    shape = architecture.tensors[layer.tensors["weight"]].shape
    bias = "bias" in layer.tensors
    if layer.op == ops.LINEAR:
        return nn.Linear(shape[1], shape[0], bias=bias)
    return _convolution(layer, shape, bias)


def _convolution(layer: Layer, shape: tuple[int, ...], bias: bool) -> nn.Module:
    groups = layer.integer("groups")
    padding = layer.attributes.get("padding")
    return nn.Conv2d(
        shape[1] * groups,
        shape[0],
        kernel_size=(shape[2], shape[3]),
        stride=_pair(layer, "stride"),
        padding=padding if isinstance(padding, str) else _pair(layer, "padding"),
        dilation=_pair(layer, "dilation"),
        groups=groups,
        bias=bias,
    )


def _batch_norm(architecture: Architecture, layer: Layer) -> nn.Module:
    channels = architecture.tensors[layer.tensors["running_mean"]].shape[0]
    kind = _BATCH_NORMS[len(layer.shape)]
    eps, momentum = _number(layer, "eps"), _number(layer, "momentum")
    return kind(channels, eps=eps, momentum=momentum, affine="weight" in layer.tensors)


def _layer_norm(layer: Layer) -> nn.Module:
    dims = layer.integer("dims")
    affine, bias = "weight" in layer.tensors, "bias" in layer.tensors
    shape = list(layer.shape[-dims:])
    return nn.LayerNorm(shape, _number(layer, "eps"), elementwise_affine=affine, bias=bias)


def _number(layer: Layer, attribute: str) -> float:
    value = layer.attributes.get(attribute)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArchitectureError(f"layer {layer.name!r}: {attribute!r} must be a number: {value!r}")
    return float(value)


def _pair(layer: Layer, attribute: str) -> tuple[int, int]:
    values = layer.integers(attribute)
    if len(values) != 2:
        raise ArchitectureError(f"layer {layer.name!r}: {attribute!r} must be two integers")
    return values[0], values[1]
