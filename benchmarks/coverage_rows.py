"""One network's row in the table of `benchmarks.coverage`: ours, and Torch-Pruning's.

All but one thing is on the meta device: shapes, parameters and MACs are checked, values are not
(tests do that). Networks of up to `LARGE` parameters are traced for real too, which compares what
was traced with the network, and so takes longer.
"""

import copy
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch_pruning as tp
from torch import Tensor, nn
from torch.export import Dim
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.torch_pruning_groups import limited, torch_pruning_groups
from networks import (
    Architecture,
    Candidates,
    Edits,
    Space,
    build,
    input_size,
    network,
    trace,
    weightless,
)

T = TypeVar("T")

CLASSES = 1000
SMALLEST_SIZE = 32
THEIR_LIMIT_S = 120  # for each network
LARGE = 50_000_000  # parameters
PRUNED = 0.5  # of the channels, in what Torch-Pruning is asked for


@dataclass(frozen=True)
class Row:
    """What was found of one network; `problem` is empty where all is well.

    Attributes:
        name: Of the network.
        size: Height and width of the images.
        layers: Of the traced graph.
        groups: Of channels.
        removals: Regions that can be taken out.
        frozen: Operators whose channels are kept, each once.
        share: Of the parameters, those in tensors that can shrink.
        checked: Random candidates that were built, run and counted.
        trace_s: Seconds that tracing took, `torch.export` included.
        export_s: Seconds that `torch.export` alone took.
        real_trace_s: Seconds that tracing took with weights; zero where the network is large.
        real_export_s: The same of `torch.export` alone.
        space_s: Seconds until channel groups, removals, skips and costs were known.
        problem: What went wrong.
    """

    name: str
    size: int = 0
    layers: int = 0
    groups: int = 0
    removals: int = 0
    frozen: tuple[str, ...] = ()
    share: float = 0.0
    checked: int = 0
    trace_s: float = 0.0
    export_s: float = 0.0
    real_trace_s: float = 0.0
    real_export_s: float = 0.0
    space_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class Theirs:
    """What Torch-Pruning does with the same network; `problem` is empty where it prunes it."""

    groups: int = 0
    share: float = 0.0
    seconds: float = 0.0
    problem: str = ""


def measure(name: str, candidates: int) -> Row:
    """Our row; an exception becomes its problem."""
    try:
        return _measure(name, candidates)
    except Exception as error:  # noqa: BLE001 - one network must not end the others
        return Row(name, problem=_told(error))


def measure_theirs(name: str) -> Theirs:
    """Torch-Pruning's row; an exception becomes its problem."""
    started = time.perf_counter()
    try:
        module, images = _network(name)
        with limited(THEIR_LIMIT_S):
            groups = torch_pruning_groups(copy.deepcopy(module), images)
            _prune(copy.deepcopy(module), images)
        places = {weight.rpartition(".")[0] for group in groups.values() for weight, _ in group}
        counts = {path: _count(child) for path, child in module.named_modules() if path in places}
        share = sum(counts.values()) / _count(module)
    except Exception as error:  # noqa: BLE001
        return Theirs(seconds=time.perf_counter() - started, problem=_told(error))
    return Theirs(len(groups), share, time.perf_counter() - started)


def _network(name: str) -> tuple[nn.Module, Tensor]:
    size = input_size(name, SMALLEST_SIZE)
    with weightless():
        module = network(name, CLASSES, 3).eval()
    return module, torch.zeros(2, 3, size, size, device="meta")


def _measure(name: str, candidates: int) -> Row:
    module, images = _network(name)
    traced, trace_s = _timed(lambda: trace(module, images))
    _, export_s = _timed(lambda: _export(module, images))
    real_trace_s, real_export_s = (0.0, 0.0) if _count(module) > LARGE else _real_s(name)
    space, space_s = _timed(lambda: Space(traced.architecture))
    drawn = Candidates.cat([space.teacher(), space.sample(candidates, _generator())])
    for row in range(len(drawn)):
        check(space, drawn[row : row + 1], images)
    reasons = space.channels.frozen_by
    return Row(
        name=name,
        size=images.shape[-1],
        layers=len(traced.architecture),
        groups=len(space.groups),
        removals=len(space.removals),
        frozen=tuple(sorted({space.architecture[layer].op for layer in reasons})),
        share=_share(space),
        checked=len(drawn),
        trace_s=trace_s,
        export_s=export_s,
        real_trace_s=real_trace_s,
        real_export_s=real_export_s,
        space_s=space_s,
    )


def _real_s(name: str) -> tuple[float, float]:
    """Seconds of tracing and of `torch.export` alone, of a network with weights."""
    size = input_size(name, SMALLEST_SIZE)
    module = network(name, CLASSES, 3).eval()
    images = torch.randn(2, 3, size, size, generator=_generator())
    _, trace_s = _timed(lambda: trace(module, images))
    _, export_s = _timed(lambda: _export(module, images))
    return trace_s, export_s


def check(space: Space, candidate: Candidates, images: Tensor) -> None:
    """Builds and runs one candidate and counts it with PyTorch's own counters.

    Raises:
        AssertionError: If its costs are other than what was computed, or it is read otherwise than
            written.
    """
    costs, (edits,) = space.costs(candidate), space.edits(candidate)
    architecture = space.student(edits)
    with weightless():
        student = build(architecture)
    logits = student.train()(images)
    logits.sum().backward()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        student.eval()(images[:1])
    found = (_count(student), counter.get_total_flops(), tuple(logits.shape[1:]))
    expected = (int(costs.params), 2 * int(costs.macs), space.architecture.output_shape)
    if found != expected:
        raise AssertionError(f"parameters, FLOPs, outputs: {found}, computed {expected}: {edits}")
    if Architecture.from_json(architecture.to_json()) != architecture:
        raise AssertionError(f"the JSON is read otherwise than written: {edits}")
    if Edits.from_json(edits.to_json()) != edits:
        raise AssertionError(f"the edits are read otherwise than written: {edits}")


def _export(module: nn.Module, images: Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.export(module, (images,), dynamic_shapes=({0: Dim("batch")},))


def _share(space: Space) -> float:
    """Of the parameters, those in tensors with a channel that can be dropped."""
    trained = {name: spec for name, spec in space.architecture.tensors.items() if spec.trainable}
    wide = {group.first_unit for group in space.groups if group.units > 1}
    shrinking = sum(
        spec.numel
        for name, spec in trained.items()
        if any(
            units is not None and wide & set(units.tolist())
            for units in space.channels.tensors[name]
        )
    )
    return shrinking / sum(spec.numel for spec in trained.values())


def _prune(module: nn.Module, images: Tensor) -> None:
    """Prunes half of the channels as Torch-Pruning's documentation does, and runs what is left."""
    head = [x for x in module.modules() if isinstance(x, nn.Conv2d | nn.Linear)][-1]
    pruner = tp.pruner.BasePruner(
        module,
        images,
        importance=tp.importance.RandomImportance(),
        pruning_ratio=PRUNED,
        ignored_layers=[head],
    )
    before = _count(module)
    pruner.step()
    with torch.no_grad():
        module(images)
    if _count(module) >= before:
        raise ValueError("nothing was pruned")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:200]
