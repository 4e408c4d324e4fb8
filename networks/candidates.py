"""Candidates of one space as tensors: nothing of them is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Index = slice | Tensor


@dataclass(frozen=True)
class Candidates:
    """`n` candidates of a space with `R` removals, `G` channel groups and `S` possible skips.

    Attributes:
        removed: Which removals are done: bool `n x R`.
        widths: How many units of each group are kept: int64 `n x G`.
        skips: Which connections are added: bool `n x S`.
    """

    removed: Tensor
    widths: Tensor
    skips: Tensor

    def __post_init__(self) -> None:
        lengths = {len(self.removed), len(self.widths), len(self.skips)}
        if len(lengths) != 1:
            raise ValueError(f"removed, widths and skips must have one length, not {lengths}")

    def __len__(self) -> int:
        return len(self.removed)

    def __getitem__(self, index: Index) -> Candidates:
        return Candidates(self.removed[index], self.widths[index], self.skips[index])

    @staticmethod
    def cat(parts: Sequence[Candidates]) -> Candidates:
        """One after the other."""
        return Candidates(
            removed=torch.cat([part.removed for part in parts]),
            widths=torch.cat([part.widths for part in parts]),
            skips=torch.cat([part.skips for part in parts]),
        )


@dataclass(frozen=True)
class Costs:
    """What `n` candidates cost, exactly: each int64 `n`.

    Attributes:
        params: Trainable parameters.
        macs: Multiply-accumulates of convolutions and matrix products, for one image.
        bytes: Of the weights file's tensors: four for each element, but in constants.
        activations: Elements of all layers' outputs for one image; each takes four bytes of memory
            if all are held.
    """

    params: Tensor
    macs: Tensor
    bytes: Tensor
    activations: Tensor

    def __len__(self) -> int:
        return len(self.params)

    def __getitem__(self, index: Index) -> Costs:
        return Costs(
            self.params[index], self.macs[index], self.bytes[index], self.activations[index]
        )
