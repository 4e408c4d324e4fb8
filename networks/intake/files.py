"""The safe doors for an uploaded teacher: what comes out has been checked, and was never unpickled.

Sizes are checked before memory is taken for them: first what the files declare, then a run without
memory, and last a run on a few images.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from networks.architecture import Architecture, TensorSpec
from networks.architecture_json import TOO_DEEP
from networks.cost import architecture_costs
from networks.errors import ArchitectureError, NetworkError, NothingToEditError
from networks.intake.dry_run import dry_run, first_line
from networks.intake.limits import TeacherFileError, TeacherLimits
from networks.intake.names import expect_names
from networks.intake.safe_operators import expect_safe
from networks.intake.weights_file import WeightsFile, dtype_name, expect_finite, unique_keys
from networks.onnx.graph import LOOSE
from networks.onnx.reading import import_onnx
from networks.space import Space
from networks.student import build
from networks.tracing.module import Traced, trace
from networks.tracing.weightless import weightless
from networks.zoo import NETWORK_NAMES, native_size, network

PROBABILITIES = frozenset({"softmax.int", "sigmoid"})  # no logits come back from their rounding
IMAGES = 3
RELATIVE_TOLERANCE = 1e-4  # of the largest |logit|: a batch's sums may be in another order
IMAGE_RANK = 3
_PROBES = ((1009, 3), (1013, 5))  # classes and channels that no layer inside has by itself
FEWEST_CLASSES = 2


def read_architecture(architecture_path: Path, weights_path: Path, limits: TeacherLimits) -> Traced:
    """A teacher from our `architecture.json` and safetensors.

    Raises:
        TeacherFileError: If it is refused; `where` is `architecture` or `weights`.
    """
    architecture = _parse(architecture_path, limits)
    _expect_sizes(architecture, limits, "architecture")
    expect_names(architecture)
    for layer in architecture:
        expect_safe(layer)
    dry_run(architecture, limits, "architecture")
    _expect_macs(architecture, limits, "architecture")
    weights = WeightsFile(weights_path, limits).read(architecture.tensors)
    return _accepted(Traced(architecture, weights), "architecture")


def read_onnx(path: Path, limits: TeacherLimits) -> Traced:
    """A teacher from an ONNX file with its weights inside.

    Raises:
        TeacherFileError: If it is refused; `where` is `onnx`.
    """
    module, input_shape = import_onnx(path, limits)
    for name, value in module.state_dict().items():
        if name.rpartition(".")[0] != LOOSE:  # a mask may be of infinities
            expect_finite(value, name, "onnx")
    images = torch.randn(2, *input_shape, generator=_generator())
    _expect_finite_logits(module, images, "onnx")
    traced = _traced(module, images, "onnx")
    _expect_sizes(traced.architecture, limits, "onnx")
    _expect_macs(traced.architecture, limits, "onnx")
    return _accepted(traced, "onnx")


def read_named(
    network_name: str,
    weights_path: Path,
    limits: TeacherLimits,
    input_shape: tuple[int, ...] | None = None,
) -> Traced:
    """A teacher from the name of a network that we have, and safetensors with its `state_dict`.

    The number of classes and of input channels is read off the weights' shapes.

    Args:
        network_name: One of `NETWORK_NAMES`.
        weights_path: The weights.
        limits: How large they may be.
        input_shape: Of one image; the network's own size where none is given.

    Raises:
        TeacherFileError: If it is refused; `where` is `network` or `weights`.
    """
    file = WeightsFile(weights_path, limits)
    make = _maker(network_name)
    classes, channels = _read_off(make, file)
    size = native_size(network_name)
    shape = input_shape or (channels, size, size)
    if len(shape) != IMAGE_RANK or shape[0] != channels:
        raise TeacherFileError(
            "network", f"the weights take {channels} input channels, the input shape is {shape}"
        )
    with weightless():
        empty = make(classes, channels)
    _expect_runs(empty, shape)
    meta = _traced(empty, torch.empty(2, *shape, device="meta"), "network")
    _expect_sizes(meta.architecture, limits, "network")
    dry_run(meta.architecture, limits, "network")
    _expect_macs(meta.architecture, limits, "network")
    module = make(classes, channels)
    state = {
        name: value
        for name, value in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    weights = file.read({name: _spec_of(value) for name, value in state.items()})
    module.load_state_dict(weights, strict=False)  # all but the counters, which nothing reads
    images = torch.randn(2, *shape, generator=_generator())
    _expect_finite_logits(module, images, "network")
    return _accepted(_traced(module, images, "network"), "network")


def _parse(path: Path, limits: TeacherLimits) -> Architecture:
    size = path.stat().st_size
    if size > limits.max_structure_bytes:
        raise TeacherFileError(
            "architecture",
            f"the file has {size} bytes, at most {limits.max_structure_bytes} are taken",
        )
    try:
        text = path.read_text("utf-8")
        json.loads(text, object_pairs_hook=unique_keys)
        return Architecture.from_json(text)
    except RecursionError as error:
        raise TeacherFileError("architecture", TOO_DEEP) from error
    except (ArchitectureError, ValueError) as error:
        raise TeacherFileError("architecture", first_line(error)) from error


def _expect_sizes(architecture: Architecture, limits: TeacherLimits, where: str) -> None:
    """Checks what can be counted, and that images go in and the logits of classes come out."""
    params = sum(spec.numel for spec in architecture.tensors.values())
    if params > limits.max_params:
        raise TeacherFileError(
            where, f"its tensors have {params} numbers, at most {limits.max_params} are taken"
        )
    if not any(spec.trainable for spec in architecture.tensors.values()):
        raise TeacherFileError(where, "none of its tensors is trainable")
    if len(architecture) > limits.max_layers:
        raise TeacherFileError(
            where, f"it has {len(architecture)} layers, at most {limits.max_layers} are taken"
        )
    if len(architecture.input_shape) != IMAGE_RANK or not architecture.layers[0].batch_first:
        raise TeacherFileError(
            where, f"its input must be channels x height x width, not {architecture.input_shape}"
        )
    output = architecture[architecture.output]
    if len(output.shape) != 1 or output.shape[0] < FEWEST_CLASSES or not output.batch_first:
        raise TeacherFileError(
            where,
            f"its output for an image must be one row of {FEWEST_CLASSES} or more logits, "
            f"one for each class, not of shape {output.shape}",
        )
    if math.prod(architecture.input_shape) * 4 > limits.max_activation_bytes:
        raise TeacherFileError(where, f"its images are too large: {architecture.input_shape}")


def _expect_macs(architecture: Architecture, limits: TeacherLimits, where: str) -> None:
    """Checks the work; of an architecture that runs, for the rules of counting rely on that."""
    try:
        macs = int(architecture_costs(architecture).macs.sum())
    except Exception as error:  # arguments may be given by name, which no rule of counting reads
        raise TeacherFileError(where, f"its cost can't be counted: {first_line(error)}") from error
    if not 0 <= macs <= limits.max_macs:
        raise TeacherFileError(
            where, f"one image takes {macs} multiply-accumulates, at most {limits.max_macs} do"
        )


def _maker(name: str) -> Callable[[int, int], nn.Module]:
    if name not in NETWORK_NAMES:
        raise TeacherFileError("network", f"there is no network {name!r}")
    return lambda classes, channels: network(name, classes, channels)


def _read_off(make: Callable[[int, int], nn.Module], file: WeightsFile) -> tuple[int, int]:
    """The number of classes and of input channels: where two networks' shapes differ by them."""
    (classes, channels), (other_classes, other_channels) = _PROBES
    with weightless():
        first = make(classes, channels).state_dict()
        second = make(other_classes, other_channels).state_dict()
    shapes = file.shapes()
    found: dict[int, int] = {}
    for name, tensor in first.items():
        for dim, sizes in enumerate(zip(tensor.shape, second[name].shape, strict=True)):
            for part, probe in enumerate(zip(*_PROBES, strict=True)):
                if sizes == probe and part not in found:
                    found[part] = _size_in(shapes, name, dim, tensor.ndim)
    if found.get(0, 0) < FEWEST_CLASSES or found.get(1, 0) < 1:
        raise TeacherFileError(
            "weights", f"a classifier has at least {FEWEST_CLASSES} classes and one input channel"
        )
    return found[0], found[1]


def _size_in(shapes: Mapping[str, tuple[int, ...]], name: str, dim: int, rank: int) -> int:
    if name not in shapes:
        raise TeacherFileError("weights", f"tensor {name!r} is missing")
    if len(shapes[name]) != rank:
        raise TeacherFileError(
            "weights", f"tensor {name!r} has shape {shapes[name]}, the network's has {rank} sizes"
        )
    return shapes[name][dim]


def _expect_runs(empty: nn.Module, shape: tuple[int, ...]) -> None:
    try:
        with torch.no_grad():
            empty.eval()(torch.empty(2, *shape, device="meta"))
    except Exception as error:  # PyTorch raises many kinds, with no root of their own
        detail = f"the network can't take images of shape {shape}: {first_line(error)}"
        raise TeacherFileError("network", detail) from error


def _traced(module: nn.Module, example: Tensor, where: str) -> Traced:
    try:
        return trace(module, example)
    except NetworkError as error:
        raise TeacherFileError(where, first_line(error)) from error


def _accepted(traced: Traced, where: str) -> Traced:
    """Checks on images what no declaration tells, and that there is something to compress."""
    last = traced.architecture[traced.architecture.output]
    if last.op in PROBABILITIES:
        raise TeacherFileError(
            where,
            f"its output {last.name!r} ({last.op}) gives probabilities; students learn from logits:"
            " leave that layer out and give what it reads",
        )
    module = build(traced.architecture, traced.weights)
    images = torch.randn(IMAGES, *traced.architecture.input_shape, generator=_generator())
    together = _expect_finite_logits(module, images, where)
    alone = torch.cat([_expect_finite_logits(module, image[None], where) for image in images])
    difference = float((together - alone).abs().max())
    if not difference <= RELATIVE_TOLERANCE * float(together.abs().max()):
        raise TeacherFileError(where, "an image's logits depend on the other images of its batch")
    try:
        Space(traced.architecture)
    except NothingToEditError as error:
        raise TeacherFileError(where, str(error)) from error
    except NetworkError as error:
        raise TeacherFileError(where, first_line(error)) from error
    return traced


def _expect_finite_logits(module: nn.Module, images: Tensor, where: str) -> Tensor:
    """The logits of images, in eval mode."""
    try:
        with torch.no_grad():
            logits: Tensor = module.eval()(images)
    except Exception as error:  # PyTorch raises many kinds, with no root of their own
        detail = f"the network fails on {len(images)} random images: {first_line(error)}"
        raise TeacherFileError(where, detail) from error
    if not bool(torch.isfinite(logits).all()):
        raise TeacherFileError(where, "its logits for random images are not finite")
    return logits


def _spec_of(value: Tensor) -> TensorSpec:
    return TensorSpec(tuple(value.shape), value.is_floating_point(), dtype_name(value.dtype))


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
