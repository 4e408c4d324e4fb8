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
# The ATen operator of the same name, with arguments that our form has no place for, is called
# `name.default`.
CONV = "conv2d"
LINEAR = "linear"
BATCH_NORM = "batch_norm"
LAYER_NORM = "layer_norm"
GROUP_NORM = "group_norm"
DROPOUT = "dropout"
RESHAPE = "reshape"
PERMUTE = "permute"
SLICE = "slice"
CAT = "cat"
TENSOR = "tensor"  # no inputs: gives its tensor

WEIGHTED = frozenset({CONV, LINEAR})
NORMS = frozenset({BATCH_NORM, LAYER_NORM, GROUP_NORM})
MODULES = WEIGHTED | NORMS | {DROPOUT}
OURS = MODULES | {RESHAPE, PERMUTE, SLICE, CAT, TENSOR}

# One input and one output of the same shape, computed element by element.
ACTIVATIONS = frozenset(
    {
        "relu",
        "relu6",
        "hardtanh",
        "silu",
        "gelu",
        "elu",
        "celu",
        "selu",
        "leaky_relu",
        "log_sigmoid",
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
ARITHMETIC = frozenset(
    {
        "add.Tensor",
        "sub.Tensor",
        "mul.Tensor",
        "div.Tensor",
        "maximum",
        "minimum",
        "rsub.Scalar",
        "add.Scalar",
        "sub.Scalar",
        "mul.Scalar",
        "div.Scalar",
        "pow.Tensor_Scalar",
        "neg",
        "abs",
        "exp",
        "log",
        "sqrt",
        "rsqrt",
        "square",
        "reciprocal",
        "clamp",
        "clamp_min",
        "clamp_max",
    }
)
ADD = "add.Tensor"

ELEMENTWISE = ACTIVATIONS | ARITHMETIC | {DROPOUT, "feature_dropout", "expand_as"}

# Works on each channel's image by itself.
POOLING = frozenset(
    {
        "max_pool2d",
        "avg_pool2d",
        "adaptive_avg_pool2d",
        "adaptive_max_pool2d",
        "upsample_nearest2d.vec",
        "upsample_bilinear2d.vec",
        "upsample_bicubic2d.vec",
        "reflection_pad2d",
        "replication_pad2d",
    }
)

# `args` are the input and the dimensions that are worked along, the others being left alone.
ALONG_DIMENSIONS = frozenset({"softmax.int", "log_softmax.int", "flip", "cumsum", "slice.Tensor"})
SELECT = "select.int"  # `args` are the input, the dimension and the position
EXPAND = "expand"  # `args` are what is repeated and the sizes
PRELU = "prelu"
ROLL = "roll"  # `args` are the input, the distances and the dimensions
PAD = frozenset({"pad", "constant_pad_nd"})  # `args` are the input and pairs from the last on

# Reduces some dimensions: `args` are the input, the dimensions, and whether they are kept.
MEAN = "mean.dim"
REDUCTIONS = frozenset({MEAN, "sum.dim_IntList", "amax", "amin"})

# Interleaves the channels of groups: `args` are the input and the number of groups.
CHANNEL_SHUFFLE = "channel_shuffle"

# What leaves its input as it is, and is dropped in tracing.
IDENTITIES = frozenset({"contiguous", "clone", "detach", "alias", "detach_", "lift_fresh_copy"})

# The same where input and output have one shape and one type.
CONVERSIONS = frozenset(
    {"to.dtype", "to.device", "to.dtype_layout", "to.other", "type_as", "expand"}
)

# What puts a part back that an operator gave on the same memory.
SCATTERS = {"slice.Tensor": "slice_scatter", "select.int": "select_scatter"}

# What computes nothing.
CHECKS = frozenset({"_assert_tensor_metadata", "_assert_scalar", "sym_constrain_range_for_size"})


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
