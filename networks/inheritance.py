"""A student's first weights, sliced from its teacher's.

Of each channel group the most important units are kept, by one of the criteria of
`networks.importance`; groups that the student's operations tie are ranked together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from networks.candidates import Candidates
from networks.editing import Kept, kept_positions
from networks.edits import Edits
from networks.importance.ranking import Importance
from networks.importance.weight_criteria import l1
from networks.normaliser import active_ties
from networks.space import Space


def inherit(
    space: Space,
    edits: Edits,
    weights: Mapping[str, Tensor],
    importance: Importance | None = None,
) -> dict[str, Tensor]:
    """The weights of the student that `edits` make, by tensor name.

    Args:
        space: The teacher's.
        edits: What the student changes.
        weights: The teacher's, by tensor name.
        importance: One number a unit, `units + 1`; the L1 norm of its filters where it isn't given.

    Raises:
        EditError: If the teacher has not what the edits name.
        ValueError: If the importance has another shape.
    """
    return slice_weights(space, edits, weights, choose_units(space, edits, weights, importance))


def slice_weights(
    space: Space, edits: Edits, weights: Mapping[str, Tensor], kept: Kept
) -> dict[str, Tensor]:
    """As `inherit`, with the units that `choose_units` chose."""
    student = space.rebuild(space.candidates([edits]), kept)
    return {
        name: _slice(weights[name], space.channels.tensors[name], kept) for name in student.tensors
    }


def _slice(tensor: Tensor, dims: tuple[npt.NDArray[np.int64] | None, ...], kept: Kept) -> Tensor:
    for dim, units in enumerate(dims):
        if units is not None and not kept[units].all():
            positions = torch.from_numpy(kept_positions(units, kept))
            tensor = tensor.index_select(dim, positions.to(tensor.device))
    return tensor.detach().clone().contiguous()


def choose_units(
    space: Space,
    edits: Edits,
    weights: Mapping[str, Tensor],
    importance: Importance | None = None,
) -> Kept:
    """For each unit whether it is kept; one more entry, `True`, for what no group has.

    The arguments are those of `inherit`. Of equals the first are kept; what is no number goes
    first.
    """
    candidate = space.candidates([edits])
    importance = l1(space, weights) if importance is None else importance
    if importance.shape != (space.channels.units + 1,):
        raise ValueError(
            f"importance of shape {importance.shape}, expected ({space.channels.units + 1},)"
        )
    kept = np.ones(space.channels.units + 1, dtype=np.bool_)
    widths = candidate.widths[0].tolist()
    for groups in _tied(space, candidate):
        members = [space.groups[number] for number in groups]
        spans = [slice(group.first_unit, group.first_unit + group.units) for group in members]
        total = np.sum([importance[span] for span in spans], axis=0)
        best = np.argsort(-total, kind="stable")[: widths[groups[0]]]
        for span in spans:
            kept[span] = False
            kept[span.start + best] = True
    return kept


def _tied(space: Space, candidate: Candidates) -> list[list[int]]:
    """The groups, those together that the candidate's operations tie."""
    home = list(range(len(space.groups)))
    for tie in active_ties(*space.operations(candidate)):
        old, new = home[tie.second], home[tie.first]
        home = [new if number == old else number for number in home]
    together: dict[int, list[int]] = {}
    for number, root in enumerate(home):
        together.setdefault(root, []).append(number)
    return list(together.values())
