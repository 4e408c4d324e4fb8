"""A `.pt2` of the user's own, opened on the user's machine: no server takes one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse.local_teacher import (
    LocalTeacher,
    Preprocessing,
    UnusableTeacher,
    silent,
    trace_teacher,
)

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram

WARNING = (
    "warning: {path} is opened on this machine. Loading a .pt2 unpickles what is in it, which can "
    "run any code: go on only with a file of your own. For the same reason the server takes none: "
    "its graph and its weights are sent, as JSON and safetensors"
)


def read_pt2(
    path: Path, preprocessing: Preprocessing | None, say: Callable[[str], None]
) -> LocalTeacher:
    """Returns the network in a `.pt2`, traced.

    Args:
        path: What `torch.export.save` wrote, with the batch dimension left open.
        preprocessing: What its images go through before it, if they do.
        say: Takes a word of warning before the file is loaded.

    Raises:
        UnusableTeacher: It is none, takes something else than one batch of images, or was exported
            for batches of one size alone.
    """
    import torch

    say(WARNING.format(path=path))
    try:
        with silent():
            program = torch.export.load(path)
    except Exception as error:  # its reader raises many kinds, with no root of their own
        msg = f"{path} is not what torch.export.save writes: {error}"
        raise UnusableTeacher(msg) from error
    return trace_teacher(_module(program), _example(path, program), preprocessing, path.stem)


def _example(path: Path, program: ExportedProgram) -> Tensor:
    """Returns a batch of two random images of the size that the program takes."""
    import torch

    names = program.graph_signature.user_inputs
    shapes = [node.meta["val"].shape for node in program.graph.nodes if node.name in names]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        msg = f"{path} takes {len(shapes)} inputs of shapes {shapes}; one batch of images is wanted"
        raise UnusableTeacher(msg)
    batch, *image = shapes[0]
    if isinstance(batch, int):
        msg = (
            f"{path} was exported for batches of exactly {batch}. Export it again with its first "
            "dimension open: torch.export.export(module, (x,), "
            'dynamic_shapes=({0: torch.export.Dim("batch")},))'
        )
        raise UnusableTeacher(msg)
    if not all(isinstance(size, int) for size in image):
        msg = f"{path} takes images of any size; export it for the one that it is to be used with"
        raise UnusableTeacher(msg)
    return torch.randn(2, *image)


def _module(program: ExportedProgram) -> nn.Module:
    """Returns the program as a module that may be told to be in eval mode, which it is."""
    module = program.module()
    for name in ("train", "eval"):
        object.__setattr__(module, name, lambda _mode=True: module)
    return module
