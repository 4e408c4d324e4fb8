"""Any `nn.Module` and an example input to an architecture and its weights, through `torch.export`.

The graph that `torch.export` gives is made of ATen operators, so no family of networks needs code
of its own. What is traced is compared with the module on the example before it is returned.
"""

from __future__ import annotations

import contextlib
import math
import re
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.func import functional_call

from networks.architecture import Architecture
from networks.errors import ArchitectureError, TraceError
from networks.student import build
from networks.tracing.graph import GraphReader
from networks.tracing.weightless import weightless

RELATIVE_TOLERANCE = 1e-4  # of the largest |logit|: the same operators, summed in the same order
_TORCH = Path(torch.__file__).parent
_PYTHON = Path(contextlib.__file__).parent
_GENERATED = "<string>"  # code that torch.export makes
_ONE_TENSOR = "the network must return one tensor of logits (batch, classes); it returned a"
_ONE_BATCH = re.compile(r"batch as dynamic but your code specialized it to be a constant \((\d+)\)")
_OUTPUT_CLASS = re.compile(r"Found <class '([^']+)'> in output")

# Torchvision's and timm's names for what drops whole branches at random, in training alone.
STOCHASTIC_DEPTH = frozenset({"StochasticDepth", "DropPath"})


class Traced(NamedTuple):
    """What tracing gives.

    Attributes:
        architecture: The network.
        weights: Its tensors by name.
        dropped: The modules that only training needs and that it has no more, each with what it is:
            auxiliary heads, and stochastic depth.
    """

    architecture: Architecture
    weights: dict[str, Tensor]
    dropped: tuple[str, ...] = ()


def trace(module: nn.Module, example: Tensor) -> Traced:
    """Traces `module` in eval mode; the batch dimension is left open.

    Args:
        module: Any network that takes one float tensor and returns one. It is not changed.
        example: `batch x channels x height x width`; a batch of one is repeated to two, since
            `torch.export` takes a dimension of size one for a constant.

    Raises:
        TraceError: If `torch.export` can't follow the module (the message names its line), if it
            takes or returns something else than one tensor, or if what was traced computes
            something else.
    """
    if example.ndim < 2 or example.shape[0] < 1 or not example.is_floating_point():
        raise TraceError(
            f"the example must be a float tensor of at least two dimensions, "
            f"not {example.dtype} of shape {tuple(example.shape)}"
        )
    if example.shape[0] == 1:
        example = example.repeat(2, *([1] * (example.ndim - 1)))
    with _evaluating(module):
        program = _export(module, example)
        _expect_one_tensor(program)
        reader = GraphReader(program)
        architecture = reader.architecture()
        _expect_json(architecture)
        weights = reader.weights(architecture.tensors)
        traced = Traced(architecture, weights, tuple(_dropped(module, program)))
        _compare(module, traced, example)
    return traced


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """With `module` in eval mode; each of its modules is put back into the mode that it was in."""
    modes = [(each, each.training) for each in module.modules()]
    try:
        module.eval()
        yield
    finally:
        for each, training in modes:
            each.training = training


def _dropped(module: nn.Module, program: ExportedProgram) -> Iterator[str]:
    """The outermost modules of whose parameters the program reads none, and stochastic depth."""
    used = {node.name for node in program.graph.nodes if node.users}
    inputs = program.graph_signature.input_specs
    read = {spec.target for spec in inputs if spec.target is not None and spec.arg.name in used}
    unread: list[str] = []
    for path, child in module.named_modules():
        names = [f"{path}.{name}" if path else name for name, _ in child.named_parameters()]
        outermost = not any(path.startswith(f"{outer}.") for outer in unread)
        if type(child).__name__ in STOCHASTIC_DEPTH:
            yield f"{path}: stochastic depth"
        elif names and outermost and not read.intersection(names):
            unread.append(path)
            yield f"{path}: auxiliary head, or not used"


def _export(module: nn.Module, example: Tensor) -> ExportedProgram:
    try:
        with _quiet():
            return torch.export.export(module, (example,), dynamic_shapes=({0: Dim("batch")},))
    except Exception as error:  # torch.export raises many kinds, with no root of their own
        raise TraceError(_told(error)) from error


def _told(error: BaseException) -> str:
    """Where and why in a line, without torch.export's advice on how to debug it."""
    told = str(error).strip() or type(error).__name__
    if found := _OUTPUT_CLASS.search(told):
        return f"{_ONE_TENSOR} {found.group(1)}"
    why, *others = told.splitlines()
    if "data-dependent" in why:
        why = "this depends on the values in a tensor, which a graph can't follow"
    elif found := _ONE_BATCH.search(told):
        why = f"it takes batches of exactly {found.group(1)}; batches of any size are wanted"
    elif "Constraints violated" in why:
        why = " ".join([why, *(line.strip() for line in others if line.startswith("  - "))])
    return f"torch.export could not trace the network{_user_line(error)}: {why}"


def _expect_one_tensor(program: ExportedProgram) -> None:
    """Sees whether a bare tensor is returned, and not one in a dict, a tuple or the like."""
    returned = program.call_spec.out_spec
    if returned is None or returned.is_leaf():
        return
    told = getattr(returned.type, "__name__", str(returned.type))
    if isinstance(returned.context, list) and returned.context:  # a dict's keys
        keys = [str(key) for key in returned.context]
        raise TraceError(f"{_ONE_TENSOR} {told} with keys {', '.join(keys)}")
    raise TraceError(f"{_ONE_TENSOR} {told} of {returned.num_children}")


def _user_line(error: BaseException) -> str:
    """Where in code that is not PyTorch's the error arose, as `FILE:LINE in FUNCTION: CODE`."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [each for each in frames if not Path(each.filename).is_relative_to(_TORCH)]
    theirs = [each for each in theirs if each.filename not in (__file__, _GENERATED)]
    theirs = [each for each in theirs if Path(each.filename).parent != _PYTHON]
    if not theirs:
        return ""
    last = theirs[-1]
    return f" at {last.filename}:{last.lineno} in {last.name} ({last.line})"


def _expect_json(architecture: Architecture) -> None:
    """Checks that the architecture is read from its file as it is."""
    try:
        again = Architecture.from_json(architecture.to_json())
    except ArchitectureError as error:
        raise TraceError(f"what was traced can't be written down: {error}") from error
    if again != architecture:
        raise TraceError("what was traced is not what is read from its file again")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings that exporting somebody else's module brings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _compare(module: nn.Module, traced: Traced, example: Tensor) -> None:
    if example.is_meta:
        return
    _expect_finite(traced.weights)
    with weightless():
        built = build(traced.architecture).eval()
    with torch.no_grad():
        expected = module(example)
        found = functional_call(built, traced.weights, (example,))
    scale = max(float(expected.abs().max()), torch.finfo(expected.dtype).tiny)
    difference = float((expected - found).abs().max()) / scale
    if not math.isfinite(difference):
        raise TraceError("what the module answers to the example holds NaN or infinity")
    if difference > RELATIVE_TOLERANCE:
        raise TraceError(
            f"the traced network differs from the module by {difference:.1e} of its largest output"
        )


def _expect_finite(weights: Mapping[str, Tensor]) -> None:
    for name, value in weights.items():
        if not bool(torch.isfinite(value).all()):
            kind = "NaN" if bool(torch.isnan(value).any()) else "an infinity"
            raise TraceError(f"tensor {name!r} holds {kind}; all weights must be finite")
