"""The names that an uploaded architecture may have: they become attributes and Python source."""

from __future__ import annotations

import keyword
import re

from torch import fx, nn

from networks import operators as ops
from networks.architecture import Architecture
from networks.intake.limits import TeacherFileError

WHERE = "architecture"

_NAME = re.compile(r"[\w#+-]+(\.[\w#+-]+)*", re.ASCII)
_SOURCE = frozenset({"self", *keyword.kwlist})
_MODULES_OWN = frozenset(dir(nn.Module())) | _SOURCE
_ROOTS_OWN = frozenset(dir(fx.GraphModule(nn.Module(), fx.Graph()))) | _SOURCE


def taken_parts(path: str) -> list[str]:
    """The parts of a module's or tensor's path that can't be: a module has them already.

    The first is an attribute of the built network, which is an `fx.GraphModule`, the others are
    of plain modules.
    """
    root, *rest = path.split(".")
    return sorted(({root} & _ROOTS_OWN) | (set(rest) & _MODULES_OWN))


def expect_names(architecture: Architecture) -> None:
    """Checks that all names are safe, as attributes of modules and in Python source.

    Raises:
        TeacherFileError: If one is not.
    """
    names = [layer.name for layer in architecture]
    for name in (*names, *architecture.tensors):
        if not _NAME.fullmatch(name):
            raise TeacherFileError(
                WHERE,
                f"{name!r} can't be a name: letters, digits, _, #, + and - can, with single dots "
                "between them",
            )
    paths = [layer.name for layer in architecture if layer.op in ops.MODULES]
    for path in (*paths, *architecture.tensors):
        if taken := taken_parts(path):
            raise TeacherFileError(WHERE, f"{path!r}: a module can't have {taken[0]!r} as a part")
    for name in architecture.tensors:
        parts = name.split(".")
        for prefix in (".".join(parts[:end]) for end in range(1, len(parts))):
            if prefix in architecture.tensors:
                raise TeacherFileError(WHERE, f"tensor {name!r} would be inside tensor {prefix!r}")
