"""How often each operator multiplies and accumulates: as products of axes of what it reads.

PyTorch's FLOP counter counts the same operators by the same shapes (`torch.utils.flop_counter`,
which counts two floating-point operations for one MAC); what only adds, compares or scales counts
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from networks import operators as ops
from networks.architecture import Architecture, Layer
from networks.architecture_json import Attribute


class Axis(NamedTuple):
    """One axis of a layer's output or of a tensor, or a mere number.

    Attributes:
        size: In this architecture.
        layer: Whose output it is an axis of, if it is one.
        tensor: Which tensor it is an axis of, if it is one.
        dim: Of the output without the batch, or of the tensor.
    """

    size: int
    layer: str | None = None
    tensor: str | None = None
    dim: int = 0


Axes = tuple[Axis, ...]
Rule = Callable[[Architecture, Layer], list[Axes]]


def output_axes(layer: Layer) -> Axes:
    """Of one image's output, as PyTorch counts them: the batch's is as often as it is repeated."""
    axes = [Axis(size, layer=layer.name, dim=dim) for dim, size in enumerate(layer.shape)]
    if layer.batch_dim is not None:
        axes.insert(layer.batch_dim, Axis(layer.repeats))
    return tuple(axes)


def tensor_axes(architecture: Architecture, name: str) -> Axes:
    """Of a tensor."""
    shape = architecture.tensors[name].shape
    return tuple(Axis(size, tensor=name, dim=dim) for dim, size in enumerate(shape))


def multiplications(architecture: Architecture, layer: Layer) -> list[Axes]:
    """The products whose sum is the layer's MACs for one image; none for most operators."""
    rule = _RULES.get(layer.op.partition(".")[0])
    return [] if rule is None else rule(architecture, layer)


def macs_of(architecture: Architecture, layer: Layer) -> int:
    """The layer's MACs for one image."""
    return sum(
        math.prod(axis.size for axis in axes) for axes in multiplications(architecture, layer)
    )


def _operand(architecture: Architecture, layer: Layer, value: Attribute) -> Axes:
    """The axes of one argument: an input's or a tensor's."""
    match value:
        case {"input": int(number)}:
            return output_axes(architecture[layer.inputs[number]])
        case {"tensor": str(role)}:
            return tensor_axes(architecture, layer.tensors[role])
    return ()


def _operands(architecture: Architecture, layer: Layer) -> list[Axes]:
    arguments = layer.attributes.get("args")
    values = arguments if isinstance(arguments, list) else []
    return [_operand(architecture, layer, value) for value in values]


def _weight(architecture: Architecture, layer: Layer) -> Axes:
    """The axes of a convolution's or linear layer's weight, given or computed."""
    if "weight" in layer.tensors:
        return tensor_axes(architecture, layer.tensors["weight"])
    return _operands(architecture, layer)[1]


def _per_output(architecture: Architecture, layer: Layer) -> list[Axes]:
    """Each output element sums over all of its filter."""
    return [output_axes(layer) + _weight(architecture, layer)[1:]]


def _per_input(architecture: Architecture, layer: Layer) -> list[Axes]:
    """A transposed convolution multiplies each input element by all of its filter."""
    return [output_axes(architecture[layer.inputs[0]]) + _weight(architecture, layer)[1:]]


def _convolution(architecture: Architecture, layer: Layer) -> list[Axes]:
    arguments = layer.attributes.get("args")
    transposed = isinstance(arguments, list) and len(arguments) > 6 and arguments[6] is True
    return (_per_input if transposed else _per_output)(architecture, layer)


def _product(architecture: Architecture, layer: Layer) -> list[Axes]:
    return [output_axes(layer) + _operands(architecture, layer)[0][-1:]]


def _added_product(architecture: Architecture, layer: Layer) -> list[Axes]:
    return [output_axes(layer) + _operands(architecture, layer)[1][-1:]]


def _attention(architecture: Architecture, layer: Layer) -> list[Axes]:
    """Each query is compared with each key, and each output sums over all values."""
    query, key, *_ = _operands(architecture, layer)
    return [query + key[-2:-1], output_axes(layer) + key[-2:-1]]


def _einsum(architecture: Architecture, layer: Layer) -> list[Axes]:
    """All letters at once, where the two operands share one that is summed over."""
    arguments = layer.attributes["args"]
    equation, parts = arguments[:2] if isinstance(arguments, list) else ("", [])
    if not isinstance(equation, str) or not isinstance(parts, list) or len(parts) != 2:
        return []
    operands = [_operand(architecture, layer, value) for value in parts]
    reads, _, result = equation.replace(" ", "").partition("->")
    first, second = map(_letters, reads.split(","), operands)
    summed = (set(first) & set(second)) - set(result)
    if not summed or not result:
        return []
    axes: dict[str, Axis] = {}
    for letter, axis in zip(first + second, operands[0] + operands[1], strict=True):
        if letter not in axes or axis.size > axes[letter].size:  # a size of one is stretched
            axes[letter] = axis
    written = [letter for letter in axes if letter in result or letter.isdigit()]
    return [tuple(axes[letter] for letter in [*written, *sorted(summed)])]


def _letters(part: str, operand: Axes) -> list[str]:
    """One letter for each axis; a digit, counted from the right, for those of an ellipsis."""
    before, dots, after = part.partition("...")
    hidden = len(operand) - len(before) - len(after) if dots else 0
    return [*before, *(str(number) for number in reversed(range(hidden))), *after]


_RULES: dict[str, Rule] = {
    ops.CONV: _per_output,
    ops.LINEAR: _per_output,
    "conv1d": _per_output,
    "conv3d": _per_output,
    "conv_transpose1d": _per_input,
    "conv_transpose2d": _per_input,
    "conv_transpose3d": _per_input,
    "convolution": _convolution,
    "matmul": _product,
    "bmm": _product,
    "mm": _product,
    "addmm": _added_product,
    "baddbmm": _added_product,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
}
