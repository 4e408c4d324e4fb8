"""A student's network: built from its edits, with inherited or given weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from torch import nn

import networks
from networks import Architecture, Edits, Space
from workers.measuring import as_tensor
from workers.teacher import Teacher, weights_arrays


def student_architecture(teacher: Teacher, edits: Mapping[str, Any]) -> Architecture:
    """Returns the architecture that the edits make of the teacher's."""
    space = space_of(teacher)
    return space.student(Edits.from_json(edits))


def student_module(teacher: Teacher, edits: Mapping[str, Any], weights: bytes | None) -> nn.Module:
    """Returns the student that the edits make, with these safetensors or inherited weights.

    Raises:
        NetworkError: the edits don't fit the teacher.
    """
    space = space_of(teacher)
    parsed = Edits.from_json(edits)
    if weights is None:
        tensors = networks.inherit(space, parsed, teacher.tensors())
    else:
        tensors = {name: as_tensor(array) for name, array in weights_arrays(weights).items()}
    return networks.build(space.student(parsed), tensors)


def space_of(teacher: Teacher) -> Space:
    """Returns the space of a teacher's students."""
    return _space(teacher.architecture, teacher.round_to)


@lru_cache(maxsize=1)
def _space(architecture: str, round_to: int) -> Space:
    """A worker process mostly serves one job."""
    return Space(Architecture.from_json(architecture), round_to)
