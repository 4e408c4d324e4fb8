from __future__ import annotations

import pytest
import torch

from networks import Candidates, Space


def test_parts_put_together_are_the_whole(resnet20_space: Space) -> None:
    whole = resnet20_space.sample(10, torch.Generator().manual_seed(0))
    again = Candidates.cat([whole[:4], whole[torch.arange(4, 10)]])
    assert resnet20_space.keys(again) == resnet20_space.keys(whole)
    assert len(again) == 10


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Candidates(torch.zeros(2, 1), torch.zeros(3, 1), torch.zeros(2, 1))
