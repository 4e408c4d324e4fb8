"""A student's first weights, sliced from its teacher's.

Of each channel group the units with the largest weights are kept (mean absolute value of the
filters that make the channel, Li et al. 2017, arXiv 1608.08710, summed over all layers that share
the group).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from networks.candidates import Candidates
from networks.channels.groups import Channels
from networks.channels.labels import FIXED
from networks.editing import Kept, kept_positions
from networks.edits import Edits
from networks.normaliser import active_ties
from networks.space import Space


def inherit(space: Space, edits: Edits, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the student that `edits` make, by tensor name.

    Args:
        space: The teacher's.
        edits: What the student changes.
        weights: The teacher's, by tensor name.

    Raises:
        EditError: If the teacher has not what the edits name.
    """
    kept = choose_units(space, edits, weights)
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


def choose_units(space: Space, edits: Edits, weights: Mapping[str, Tensor]) -> Kept:
    """For each unit whether it is kept; one more entry, `True`, for what no group has."""
    candidate = space.candidates([edits])
    importance = _importance(space.channels, weights)
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


def _importance(channels: Channels, weights: Mapping[str, Tensor]) -> npt.NDArray[np.float64]:
    """Each unit's summed mean |weight| over the filters that make it."""
    importance = np.zeros(channels.units + 1)
    for name, dims in channels.tensors.items():
        if len(dims) < 2 or dims[0] is None:
            continue
        filters = weights[name].detach().float().abs().flatten(1).mean(dim=1).cpu().double().numpy()
        present = dims[0] != FIXED
        np.add.at(importance, dims[0][present], filters[present])
    return importance


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
