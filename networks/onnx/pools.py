"""ONNX operators that pool, pad and resize images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from networks.onnx.node import Call, OnnxNode, OnnxValue

MAX_PADDING = 4096
_NO_VALUE = float("-inf")
_ROUNDING = 1e-6  # of a number in float32


def padding_of(
    node: OnnxNode,
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[list[int], list[int]]:
    """How much a convolution or a pool pads each dimension of the image, before and after.

    Raises:
        TeacherFileError: If the node's attributes don't fit each other.
    """
    rank = len(kernel)
    if any(len(values) != rank for values in (sizes, stride, dilation)):
        raise node.error("its kernel, strides and dilations must have a number for each dimension")
    automatic = node.text_attribute("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        pads = node.integers_attribute("pads") or [0] * (2 * rank)
        if len(pads) != 2 * rank or not all(0 <= pad <= MAX_PADDING for pad in pads):
            raise node.error(f"its pads {pads} must be {2 * rank} numbers from 0 to {MAX_PADDING}")
        return pads[:rank], pads[rank:]
    if automatic == "VALID":
        return [0] * rank, [0] * rank
    if automatic not in ("SAME_UPPER", "SAME_LOWER"):
        raise node.error(f"auto_pad {automatic!r} is none")
    before, after = [], []
    for size, window, step, spread in zip(sizes, kernel, stride, dilation, strict=True):
        total = max((-(-size // step) - 1) * step + (window - 1) * spread + 1 - size, 0)
        small, large = total // 2, total - total // 2
        before.append(small if automatic == "SAME_UPPER" else large)
        after.append(large if automatic == "SAME_UPPER" else small)
    return before, after


def _window(node: OnnxNode) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    """Kernel, stride, dilation and padding before and after."""
    kernel = node.integers_attribute("kernel_shape") or []
    if len(kernel) != 2 or len(node.value(0).shape) != 4:
        raise node.error("only pools of images are taken")
    stride = node.integers_attribute("strides") or [1, 1]
    dilation = node.integers_attribute("dilations") or [1, 1]
    if min(*kernel, *stride, *dilation) < 1:
        raise node.error("its kernel, strides and dilations must be positive")
    return (
        kernel, stride, dilation,
        *padding_of(node, node.value(0).shape[2:], kernel, stride, dilation),
    )  # fmt: skip


def _rounds_up(node: OnnxNode) -> bool:
    """Whether a pool has a last window that is not whole.

    Raises:
        TeacherFileError: If it has, and is padded unevenly: PyTorch leaves out windows that start
            in the padding, which padding beforehand hides from it.
    """
    kernel, stride, dilation, before, after = _window(node)
    sizes = [
        size + first + last - (window - 1) * spread - 1
        for size, first, last, window, spread in zip(
            node.value(0).shape[2:], before, after, kernel, dilation, strict=True
        )
    ]
    whole = all(size % step == 0 for size, step in zip(sizes, stride, strict=True))
    if not node.integer_attribute("ceil_mode", 0) or whole:
        return False
    if before != after:
        raise node.error("ceil_mode with uneven padding is not taken")
    return True


def _max_pool(node: OnnxNode) -> Call:
    kernel, stride, dilation, before, after = _window(node)
    ceil = _rounds_up(node)

    def run(x: Tensor) -> Tensor:
        padding = before
        if before != after:
            pads = [before[1], after[1], before[0], after[0]]
            x, padding = functional.pad(x, pads, value=_NO_VALUE), [0, 0]
        return functional.max_pool2d(x, kernel, stride, padding, dilation, ceil)

    return node.call(run, node.value(0))


def _average_pool(node: OnnxNode) -> Call:
    kernel, stride, dilation, before, after = _window(node)
    ceil = _rounds_up(node)
    counted = bool(node.integer_attribute("count_include_pad", 0))
    if dilation != [1, 1]:
        raise node.error("an average over a dilated window is not taken")
    if before == after:
        return node.call(
            lambda x: functional.avg_pool2d(x, kernel, stride, before, ceil, counted), node.value(0)
        )

    def run(x: Tensor) -> Tensor:
        padded = functional.pad(x, [before[1], after[1], before[0], after[0]])
        return functional.avg_pool2d(padded, kernel, stride)

    if counted:
        return node.call(run, node.value(0))
    # The padding counts as zeros; what it took of each window's share is given back.
    full = run(torch.ones(1, 1, *node.value(0).shape[2:])).reciprocal()
    if not full.isfinite().all():
        raise node.error("a window that lies in the padding alone has no average")
    share = OnnxValue(f"{node.outputs[0]}.share", full)
    return node.call(lambda x, scale: run(x) * scale, node.value(0), share)


def _global_average_pool(node: OnnxNode) -> Call:
    return node.call(lambda x: functional.adaptive_avg_pool2d(x, 1), node.value(0))


def _global_max_pool(node: OnnxNode) -> Call:
    return node.call(lambda x: functional.adaptive_max_pool2d(x, 1), node.value(0))


def _pad(node: OnnxNode) -> Call:
    x = node.value(0)
    rank, mode = len(x.shape), node.text_attribute("mode", "constant")
    pads, axes = node.integers(1) or [], node.integers(3)
    dims = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    if len(pads) != 2 * len(dims) or any(abs(pad) > MAX_PADDING for pad in pads):
        raise node.error(f"its pads {pads} must be two numbers a dimension, up to {MAX_PADDING}")
    pairs = [[0, 0] for _ in range(rank)]
    for position, dim in enumerate(dims):
        pairs[dim] = [pads[position], pads[position + len(dims)]]
    if pairs[0] != [0, 0]:
        raise node.error("it pads the batch")
    while len(pairs) > 1 and pairs[0] == [0, 0] and (mode == "constant" or len(pairs) > 2):
        pairs = pairs[1:]
    flat = [size for pair in reversed(pairs) for size in pair]
    kinds = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}
    if mode not in kinds:
        raise node.error(f"mode {mode!r} is not taken")
    value = node.number(2) or 0.0
    if mode != "constant":
        return node.call(lambda x: functional.pad(x, flat, kinds[mode]), x)
    return node.call(lambda x: functional.pad(x, flat, value=value), x)


def _resize(node: OnnxNode) -> Call:
    x, mode = node.value(0), node.text_attribute("mode", "nearest")
    placing = node.text_attribute("coordinate_transformation_mode", "half_pixel")
    _expect_plain(node)
    sizes = _resized(node, exact=mode == "nearest", corners=placing == "align_corners")
    if tuple(sizes[:2]) != x.shape[:2]:
        raise node.error("it resizes the batch or the channels")
    height_width = sizes[2:]
    if mode == "nearest":
        rounding = node.text_attribute("nearest_mode", "round_prefer_floor")
        if placing != "asymmetric" or rounding != "floor":
            raise node.error("nearest neighbours are taken asymmetric and rounded down only")
        return node.call(lambda x: functional.interpolate(x, height_width, mode="nearest"), x)
    if mode not in ("linear", "cubic"):
        raise node.error(f"mode {mode!r} is not taken")
    if placing not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise node.error(f"coordinate_transformation_mode {placing!r} is not taken")
    if placing == "pytorch_half_pixel" and 1 in height_width:
        raise node.error("pytorch_half_pixel to a size of 1 is not taken")
    corners, kind = placing == "align_corners", "bilinear" if mode == "linear" else "bicubic"
    return node.call(
        lambda x: functional.interpolate(x, height_width, mode=kind, align_corners=corners), x
    )


def _expect_plain(node: OnnxNode) -> None:
    """Raises at what PyTorch's interpolation doesn't have."""
    if (
        len(node.value(0).shape) != 4
        or node.has("axes")
        or node.integer_attribute("antialias", 0)
        or node.integer_attribute("exclude_outside", 0)
    ):
        raise node.error(
            "only images are resized, over all dimensions, without antialias or exclude_outside"
        )
    if node.float_attribute("cubic_coeff_a", -0.75) != -0.75:
        raise node.error("cubic_coeff_a must be -0.75")
    if node.text_attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.error("keep_aspect_ratio_policy must be 'stretch'")


def _resized(node: OnnxNode, exact: bool, corners: bool) -> list[int]:
    """The sizes after a Resize.

    ONNX reads an element's place off the scale, PyTorch off the two sizes. These agree where a
    scale gives a whole size, or where the corners are aligned.

    Args:
        node: The Resize.
        exact: Whether a scale that is rounded in float32 (0.6) moves places already.
        corners: Whether corners are aligned.
    """
    scales, sizes = node.constant(2), node.integers(3)
    if sizes is not None:
        return sizes
    given = node.value(0).shape
    factors = [] if scales is None else scales.tolist()
    found = []
    for size, factor in zip(given, factors, strict=True):
        wide = size * factor
        whole = round(wide)
        if not corners and abs(wide - whole) > (0.0 if exact else _ROUNDING * whole):
            raise node.error(f"a size of {size} times its scale {factor:g} is not whole")
        found.append(whole if abs(wide - whole) <= _ROUNDING * whole else int(wide))
    return found


POOLS: dict[str, Callable[[OnnxNode], Call]] = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average_pool,
    "GlobalMaxPool": _global_max_pool,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "Resize": _resize,
}
