"""The operators we know: what each does to the channels that run through it.

An ATen operator's name is `name` for the default overload and `name.overload` for another. What is
in none of the sets below is kept as it is, and its channels are frozen.
"""

from __future__ import annotations

import torch
from torch._C import FunctionSchema
from torch._ops import OpOverload

from networks.errors import ArchitectureError

# Operations with a form of our own: everything their shapes need is in `shape` and `attributes`.
CONV = "conv2d"
LINEAR = "linear"
BATCH_NORM = "batch_norm"
DROPOUT = "dropout"
RESHAPE = "reshape"
PERMUTE = "permute"
SLICE = "slice"
CAT = "cat"

WEIGHTED = frozenset({CONV, LINEAR})
OURS = frozenset({CONV, LINEAR, BATCH_NORM, DROPOUT, RESHAPE, PERMUTE, SLICE, CAT})

# One input and one output of the same shape, computed element by element.
ACTIVATIONS = frozenset(
    {
        "relu",
        "relu6",
        "hardtanh",
        "silu",
        "gelu",
        "elu",
        "leaky_relu",
        "sigmoid",
        "tanh",
        "hardswish",
        "hardsigmoid",
        "softplus",
        "mish",
    }
)

# Applied to their own result, these change nothing.
IDEMPOTENT = frozenset({"relu", "relu6", "hardtanh"})

# Several inputs (or one and numbers), broadcast against each other element by element.
ARITHMETIC = frozenset({"add.Tensor", "sub.Tensor", "mul.Tensor", "div.Tensor", "neg"})
ADD = "add.Tensor"

ELEMENTWISE = ACTIVATIONS | ARITHMETIC | {DROPOUT}

# Works on each channel's image by itself.
POOLING = frozenset({"max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"})

# Averages over some dimensions: `args` are the input, the dimensions, and whether they are kept.
MEAN = "mean.dim"

# Interleaves the channels of groups: `args` are the input and the number of groups.
CHANNEL_SHUFFLE = "channel_shuffle"

# What leaves its input as it is, and is dropped in tracing.
IDENTITIES = frozenset({"contiguous", "clone", "detach", "alias", "detach_"})


def aten_operator(name: str) -> OpOverload:
    """The ATen operator of a layer's `op`.

    Raises:
        ArchitectureError: If PyTorch has none of that name, or it changes its inputs.
    """
    base, _, overload = name.partition(".")
    packet = getattr(torch.ops.aten, base, None) if base.isidentifier() else None
    operator = getattr(packet, overload or "default", None)
    if not isinstance(operator, OpOverload):
        raise ArchitectureError(f"there is no operator {name!r}")
    if schema_of(operator).is_mutable:
        raise ArchitectureError(f"operator {name!r} changes its inputs; only pure ones can be used")
    return operator


def schema_of(operator: OpOverload) -> FunctionSchema:
    """The operator's schema: its name, its arguments, and whether it changes them."""
    schema: FunctionSchema = operator._schema  # noqa: SLF001 - PyTorch has no public name for it
    return schema
