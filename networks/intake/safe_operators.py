"""The operators that an uploaded architecture may name: pure functions of tensors.

An architecture's JSON names ATen operators, and PyTorch has some that read files (`from_file`),
give memory as it lies there (`empty`) or change their inputs. So this is a list of what may run,
not of what may not. An operator that is missing here is refused by name.
"""

from __future__ import annotations

from networks import operators as ops
from networks.architecture import INPUT, Layer
from networks.architecture_json import Attribute
from networks.errors import ArchitectureError
from networks.intake.limits import TeacherFileError

WHERE = "architecture"
MAX_ARGUMENT_DEPTH = 3

_POINTWISE = """
abs acos acosh add add.Scalar add.Tensor addcdiv addcmul asin asinh atan atan2 atanh celu ceil clamp
clamp.Tensor clamp_max clamp_max.Tensor clamp_min clamp_min.Tensor clip clip.Tensor copysign.Scalar
copysign.Tensor cos cosh div.Scalar div.Scalar_mode div.Tensor div.Tensor_mode elu erf erfc erfinv
exp exp2 expm1 fmax fmin floor floor_divide floor_divide.Scalar fmod.Scalar fmod.Tensor frac gelu
glu hardshrink hardsigmoid hardswish hardtanh heaviside hypot isfinite isinf isnan leaky_relu
lerp.Scalar lerp.Tensor lgamma log log10 log1p log2 log_sigmoid logaddexp logit maximum minimum mish
mul.Scalar mul.Tensor multiply.Scalar multiply.Tensor nan_to_num neg negative positive pow.Scalar
pow.Tensor_Scalar pow.Tensor_Tensor prelu reciprocal relu relu6 remainder.Scalar remainder.Tensor
round round.decimals rsqrt rsub.Scalar rsub.Tensor selu sgn sigmoid sign silu sin sinc sinh softplus
softshrink special_i0e sqrt square sub.Scalar sub.Tensor subtract.Tensor tan tanh
threshold true_divide.Scalar true_divide.Tensor trunc where.ScalarOther where.ScalarSelf
where.self xlogy.Tensor
"""

_LOGIC = """
bitwise_and.Tensor bitwise_not bitwise_or.Tensor bitwise_xor.Tensor eq.Scalar eq.Tensor ge.Scalar
ge.Tensor gt.Scalar gt.Tensor le.Scalar le.Tensor logical_and logical_not logical_or logical_xor
lt.Scalar lt.Tensor masked_fill.Scalar masked_fill.Tensor ne.Scalar ne.Tensor
"""

_REDUCTIONS = """
all all.dim amax amin any any.dim argmax argmin cumprod cumsum linalg_vector_norm log_softmax.int
logsumexp max.dim max.other mean mean.dim min.dim min.other norm.ScalarOpt_dim prod.dim_int
softmax.int std.correction std.dim std_mean.correction sum sum.dim_IntList topk var.correction
var.dim var_mean.correction
"""

_LAYERS = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d addmm avg_pool1d
avg_pool2d avg_pool3d baddbmm batch_norm bilinear bmm conv1d conv1d.padding conv2d conv2d.padding
conv3d conv_transpose1d conv_transpose2d.input convolution cosine_similarity dot dropout
einsum embedding group_norm instance_norm layer_norm linear matmul
max_pool1d max_pool2d max_pool3d mm mv native_group_norm native_layer_norm outer rms_norm
scaled_dot_product_attention
"""

_SHAPES = """
broadcast_tensors broadcast_to cat channel_shuffle chunk clone col2im concat concatenate
constant_pad_nd contiguous diagonal expand expand_as flatten.using_ints flip gather hstack im2col
index.Tensor index_select movedim.int movedim.intlist narrow pad permute pixel_shuffle
pixel_unshuffle reflection_pad1d reflection_pad2d repeat repeat_interleave.self_int
replication_pad1d replication_pad2d reshape reshape_as roll rot90 select.int slice.Tensor
slice_scatter split.Tensor split_with_sizes squeeze squeeze.dim squeeze.dims stack swapaxes
swapdims t tile transpose.int tril triu unbind.int unflatten.int unfold unsqueeze view view_as
"""

_IMAGES = """
grid_sampler grid_sampler_2d upsample_bicubic2d upsample_bicubic2d.vec upsample_bilinear2d
upsample_bilinear2d.vec upsample_nearest2d upsample_nearest2d.vec _upsample_nearest_exact2d
_upsample_nearest_exact2d.vec _upsample_bilinear2d_aa _upsample_bilinear2d_aa.vec
"""

_CONSTANTS = """
arange arange.start arange.start_step full full_like linspace new_full new_ones new_zeros ones
ones_like scalar_tensor zero zeros zeros_like
"""

_CASTS = "to.dtype to.device to.dtype_layout to.other type_as _to_copy"

_LISTS = (_POINTWISE, _LOGIC, _REDUCTIONS, _LAYERS, _SHAPES, _IMAGES, _CONSTANTS, _CASTS)
SAFE_OPERATORS: frozenset[str] = ops.OURS.union(*(names.split() for names in _LISTS))


def expect_safe(layer: Layer) -> None:
    """Checks a layer's operator and the form of its arguments; running it is for later.

    Raises:
        TeacherFileError: If the operator is not among `SAFE_OPERATORS`, or its arguments are none.
    """
    if layer.op == INPUT or layer.op in ops.OURS:
        return
    if layer.op.removesuffix(".default") not in SAFE_OPERATORS:
        raise TeacherFileError(
            WHERE,
            f"layer {layer.name!r}: operator {layer.op!r} is not one that an upload may name",
        )
    try:
        arguments = ops.schema_of(ops.aten_operator(layer.op)).arguments
    except ArchitectureError as error:
        raise TeacherFileError(WHERE, f"layer {layer.name!r}: {error}") from error
    names = {argument.name for argument in arguments}
    positional, keywords = layer.attributes.get("args"), layer.attributes.get("kwargs", {})
    if not isinstance(positional, list) or len(positional) > len(arguments):
        raise TeacherFileError(
            WHERE, f"layer {layer.name!r}: {layer.op!r} takes at most {len(arguments)} arguments"
        )
    # The names become Python source when the network is built.
    if not isinstance(keywords, dict) or not keywords.keys() <= names:
        raise TeacherFileError(
            WHERE, f"layer {layer.name!r}: {layer.op!r} takes the arguments {sorted(names)} by name"
        )
    if _depth([*positional, *keywords.values()]) > MAX_ARGUMENT_DEPTH + 1:
        raise TeacherFileError(
            WHERE,
            f"layer {layer.name!r}: its arguments are nested more than {MAX_ARGUMENT_DEPTH} deep",
        )


def _depth(value: Attribute) -> int:
    """How deeply lists are nested; looks no further than matters."""
    depth, level = 0, [value]
    while level and depth <= MAX_ARGUMENT_DEPTH + 1:
        lists = [item for item in level if isinstance(item, list)]
        depth += bool(lists)
        if not lists:
            return depth
        level = [part for item in lists for part in item]
    return depth
