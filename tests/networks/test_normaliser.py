from __future__ import annotations

import torch

from networks import Candidates, Edits, Space
from tests.networks.conftest import space_of


def _one(space: Space, edits: Edits) -> Candidates:
    return space.candidates([edits])


def test_normalising_twice_changes_nothing() -> None:
    for name in ("zoo/resnet20", "zoo/vgg19", "torchvision/shufflenet_v2_x0_5"):
        space = space_of(name)
        candidates = space.sample(300, torch.Generator().manual_seed(0))
        assert space.keys(space.normalise(candidates)) == space.keys(candidates)


def test_a_removal_inside_a_removed_block_is_moot(resnet20_space: Space) -> None:
    block = Edits(("stages.0.1",), {}, ())
    both = Edits(("stages.0.1", "stages.0.1.conv1"), {}, ())
    assert resnet20_space.keys(_one(resnet20_space, both)) == resnet20_space.keys(
        _one(resnet20_space, block)
    )


def test_the_width_of_a_group_that_is_gone_is_moot(resnet20_space: Space) -> None:
    with_width = Edits(("stages.0.1",), {"stages.0.1.conv1": 3}, ())
    assert resnet20_space.edits(_one(resnet20_space, with_width)) == [
        Edits(("stages.0.1",), {}, ())
    ]


def test_a_skip_to_a_removed_layer_is_moot(resnet20_space: Space) -> None:
    skip = next(s for s in resnet20_space.skips if s.end.startswith("stages.0.1"))
    edits = Edits(("stages.0.1",), {}, ((skip.start, skip.end),))
    assert resnet20_space.edits(_one(resnet20_space, edits))[0].skips == ()


def test_groups_that_a_removal_ties_are_as_wide_as_the_narrowest() -> None:
    space = space_of("zoo/vgg19")
    removal = next(r for r in space.removals if r.ties)
    first = space.groups[removal.ties[0].first].name
    second = space.groups[removal.ties[0].second].name
    (edits,) = space.edits(_one(space, Edits((removal.name,), {first: 40, second: 50}, ())))
    assert edits.widths == {first: 40, second: 40}
