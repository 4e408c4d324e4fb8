"""A teacher on this machine: traced here, looked at here, and sent as a graph with its weights.

Nothing of the user's code leaves the machine, and the server runs none. networks, and torch with
it, is imported when it is needed, so that the command line starts without it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from copy import deepcopy
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse.errors import StillhouseError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from networks import Architecture

Preprocessing = Mapping[str, Any]
"""`x = (image / scale - mean) / std`: a number and two lists with a value a channel."""

_FROZEN_SHOWN = 5


class UnusableTeacher(StillhouseError):
    """Raised on this machine when a network can't be a teacher: it can't be read, or traced."""

    exit_code = 2


@dataclass(frozen=True)
class LocalTeacher:
    """A traced network.

    Attributes:
        name: What to call it.
        architecture: Its graph.
        weights: Its tensors by name.
        preprocessing: What its images go through before it; None: standardised by the dataset.
    """

    name: str
    architecture: Architecture
    weights: Mapping[str, Tensor]
    preprocessing: Preprocessing | None

    def write(self, folder: Path) -> dict[str, Path]:
        """Writes `architecture.json` and `weights.safetensors`; returns them by their fields."""
        from safetensors.torch import save_file

        architecture, weights = folder / "architecture.json", folder / "weights.safetensors"
        architecture.write_text(self.architecture.to_json(), "utf-8")
        save_file({name: one.detach().contiguous() for name, one in self.weights.items()}, weights)
        return {"architecture": architecture, "weights": weights}

    def description(self) -> str:
        """Returns in words what was found: layers, what can shrink, what is frozen and why.

        Raises:
            UnusableTeacher: Nothing of it can be removed or shrunk.
        """
        from networks import Space

        with _readable(self.name):
            space = Space(self.architecture)
        teacher = space.costs(space.teacher())
        shape = "x".join(map(str, self.architecture.input_shape))
        units = sum(group.units for group in space.groups)
        found = (
            f"{self.name}: {len(space.layers)} weighted layers, {int(teacher.params):,} parameters,"
            f" {int(teacher.macs):,} MACs; images of {shape},"
            f" {self.architecture.output_shape[0]} classes"
        )
        free = (
            f"  can shrink: {len(space.groups)} channel groups of {units} units;"
            f" can be removed: {len(space.removals)} layers or blocks"
        )
        return "\n".join([found, free, *_frozen(space.channels.frozen_by)])


def trace_teacher(
    module: nn.Module,
    example: Tensor,
    preprocessing: Preprocessing | None = None,
    name: str | None = None,
) -> LocalTeacher:
    """Returns a network traced in eval mode on this machine.

    Args:
        module: Any network that takes one batch of images and returns logits. It isn't changed.
        example: A batch as it takes it, float `n x C x H x W`, already preprocessed.
        preprocessing: What its images go through before it, if they do.
        name: What to call it; its class's name by default.

    Raises:
        UnusableTeacher: It can't be traced; names the line, where there is one.
    """
    import networks

    _expect_module(module)
    _expect_batch(example)
    name = name or type(module).__name__
    with _readable(name), silent():
        traced = networks.trace(_on_cpu(module), example.cpu())
    return LocalTeacher(name, traced.architecture, traced.weights, preprocessing)


def read_preprocessing(report: Path) -> dict[str, Any]:
    """Returns the preprocessing that a student's `report.json` tells.

    Raises:
        UnusableTeacher: The file can't be read, or tells none.
    """
    try:
        told = json.loads(report.read_text("utf-8"))["preprocessing"]
        return {"scale": told["scale"], "mean": told["mean"], "std": told["std"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{report} tells no preprocessing: {type(error).__name__}: {error}"
        raise UnusableTeacher(msg) from error


def _expect_module(module: object) -> None:
    from torch import nn

    if not isinstance(module, nn.Module):
        msg = f"a teacher is a torch.nn.Module or the path of a file; got {_kind(module)}"
        raise UnusableTeacher(msg)


def _expect_batch(example: object) -> None:
    """Sees whether an example is a batch of images, in words of the caller's and not of torch's."""
    from torch import Tensor

    found = _kind(example)
    if isinstance(example, Tensor):
        if example.ndim == 4:
            return
        found = f"one of shape {tuple(example.shape)}"
        found += ": use example.unsqueeze(0) for one image" if example.ndim == 3 else ""
    elif found == "numpy.ndarray":
        found += ": use torch.from_numpy(...)"
    raise UnusableTeacher(f"example must be a torch tensor of shape (N, C, H, W); got {found}")


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


@contextmanager
def silent() -> Iterator[None]:
    """Without torch.export's log, and the graph that it prints when it fails: our error says why.

    Both are of the whole process, so this is for the user's machine and not for a server.
    """
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)


def _on_cpu(module: nn.Module) -> nn.Module:
    """Returns the module, or a copy of it where it lies elsewhere: moving it would change it."""
    tensors = [*module.parameters(), *module.buffers()]
    return module if all(one.device.type == "cpu" for one in tensors) else deepcopy(module).cpu()


def _frozen(frozen_by: Mapping[str, str]) -> Iterator[str]:
    for layer, why in list(frozen_by.items())[:_FROZEN_SHOWN]:
        yield f"  kept as it is: {layer}: {why}"
    if len(frozen_by) > _FROZEN_SHOWN:
        yield f"  kept as they are: {len(frozen_by) - _FROZEN_SHOWN} more"


@contextmanager
def _readable(name: str) -> Iterator[None]:
    from networks import NetworkError

    try:
        yield
    except NetworkError as error:
        msg = f"{name} can't be a teacher: {error}"
        raise UnusableTeacher(msg) from error
