"""A small table that never was trained, for tests of searches."""

from __future__ import annotations

import itertools

import torch

from benchmarks.tables import Table
from networks import Architecture


def made_up_table(cardinalities: tuple[int, ...] = (3, 2, 4), name: str = "made-up") -> Table:
    """Returns a table of all combinations; the first column is of kinds, the others of sizes.

    Larger networks are better, with a little noise between three runs.
    """
    choices = torch.tensor(list(itertools.product(*map(range, cardinalities))))
    noise = torch.rand(len(choices), 3, generator=torch.Generator().manual_seed(0)).double()
    part = choices.double() / (torch.tensor(cardinalities) - 1).clamp(min=1)
    accuracy = 0.5 + 0.4 * part.mean(1).sqrt().unsqueeze(1) + 0.01 * noise
    params = 10 + (100 * part.pow(2)).long().sum(1)
    return Table(
        name=name,
        keys=tuple("".join(map(str, x)) for x in choices.tolist()),
        choices=choices,
        cardinalities=cardinalities,
        ordinal=(False, *[True] * (len(cardinalities) - 1)),
        accuracy=accuracy,
        params=params,
        macs=params * 7 + choices.sum(1),
        teacher=len(choices) - 1,
        build=_build,
        first=torch.arange(len(choices)),
    )


def _build(choices: tuple[int, ...]) -> Architecture:
    raise NotImplementedError(f"no search of these tests reads the networks: {choices}")
