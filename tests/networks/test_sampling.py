from __future__ import annotations

import torch

from networks import Space
from networks.sampling import mutate, sample


def test_widths_stay_between_one_and_the_teachers(resnet20_space: Space) -> None:
    generator = torch.Generator().manual_seed(0)
    candidates = sample(resnet20_space, 500, generator)
    for _ in range(3):
        assert int(candidates.widths.min()) >= 1
        assert (candidates.widths <= resnet20_space.units).all()
        candidates = mutate(resnet20_space, candidates, generator)


def test_every_operation_is_drawn(resnet20_space: Space) -> None:
    candidates = sample(resnet20_space, 2000, torch.Generator().manual_seed(0))
    assert candidates.removed.any(dim=0).all()
    assert candidates.skips.any(dim=0).all()
    assert (candidates.widths < resnet20_space.units).any(dim=0).all()
    assert (candidates.widths == resnet20_space.units).any(dim=0).all()
