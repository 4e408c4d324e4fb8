"""Any `nn.Module` and an example input to an architecture and its weights, through `torch.export`.

The graph that `torch.export` gives is made of ATen operators, so no family of networks needs code
of its own. What is traced is compared with the module on the example before it is returned.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from networks.architecture import Architecture
from networks.errors import TraceError
from networks.student import build
from networks.trace_graph import GraphReader

RELATIVE_TOLERANCE = 1e-4  # of the largest |logit|: the same operators, summed in the same order


class Traced(NamedTuple):
    """What tracing gives: the architecture, and its weights by tensor name."""

    architecture: Architecture
    weights: dict[str, Tensor]


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
    network = copy.deepcopy(module).eval()
    reader = GraphReader(_export(network, example))
    traced = Traced(reader.architecture(), reader.weights())
    _compare(network, traced, example)
    return traced


def _export(module: nn.Module, example: Tensor) -> ExportedProgram:
    try:
        with _quiet():
            return torch.export.export(module, (example,), dynamic_shapes=({0: Dim("batch")},))
    except Exception as error:  # torch.export raises many kinds, with no root of their own
        raise TraceError(f"torch.export could not trace the network: {error}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings that exporting somebody else's module brings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _compare(module: nn.Module, traced: Traced, example: Tensor) -> None:
    if example.is_meta:
        return
    with torch.no_grad():
        expected = module(example)
        found = build(traced.architecture, traced.weights).eval()(example)
    scale = max(float(expected.abs().max()), torch.finfo(expected.dtype).tiny)
    difference = float((expected - found).abs().max()) / scale
    if not difference <= RELATIVE_TOLERANCE:  # NaN fails too
        raise TraceError(
            f"the traced network differs from the module by {difference:.1e} of its largest output"
        )
