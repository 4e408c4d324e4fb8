from __future__ import annotations

import torch
from torch import Tensor, nn

from networks import Space, trace
from networks.regions import NEAREST
from tests.networks.conftest import space_of


def test_blocks_and_layers_of_equal_shape_can_go(resnet20_space: Space) -> None:
    names = {removal.name for removal in resnet20_space.removals}
    assert {"stages.0.0", "stages.0.0.conv1", "stages.1.1", "stages.2.2.conv2"} <= names
    assert not names & {"conv1", "fc", "stages.1.0", "stages.1.0.conv1", "stages.2.0.shortcut.0"}


def test_a_removed_chain_takes_its_norm_and_activation(resnet20_space: Space) -> None:
    removal = next(r for r in resnet20_space.removals if r.name == "stages.0.0.conv1")
    assert removal.layers == {"stages.0.0.conv1", "stages.0.0.bn1", "stages.0.0.relu"}
    assert (removal.start, removal.end) == ("relu", "stages.0.0.relu")


def test_nothing_outside_a_region_reads_from_inside_it() -> None:
    for name in ("zoo/resnet20", "zoo/shufflenet", "torchvision/shufflenet_v2_x0_5"):
        space = space_of(name)
        architecture = space.architecture
        assert space.removals
        for removal in space.removals:
            assert architecture[removal.start].shape == architecture[removal.end].shape
            for layer in removal.layers - {removal.end}:
                assert set(architecture.consumers[layer]) <= removal.layers


def test_skips_join_equal_shapes_that_nothing_adds_yet(resnet20_space: Space) -> None:
    architecture = resnet20_space.architecture
    order = {layer.name: i for i, layer in enumerate(architecture)}
    pairs = {(skip.start, skip.end) for skip in resnet20_space.skips}
    assert ("relu", "stages.0.1.relu#2") in pairs
    assert ("relu", "stages.0.0.relu#2") not in pairs  # the block's own shortcut
    for start, end in pairs:
        assert architecture[start].shape == architecture[end].shape
        assert order[start] < order[end]


def test_names_are_unique() -> None:
    for name in ("zoo/resnet20", "zoo/vgg19", "torchvision/mobilenet_v2"):
        names = [removal.name for removal in space_of(name).removals]
        assert len(set(names)) == len(names)


def test_an_end_gets_skips_from_the_nearest_alone() -> None:
    convs = [nn.Conv2d(3 if i == 0 else 4, 4, 3, padding=1) for i in range(12)]
    space = Space(trace(nn.Sequential(*convs, nn.Flatten()), torch.randn(2, 3, 4, 4)).architecture)
    starts = [int(skip.start) for skip in space.skips if skip.end == "10"]
    assert starts == list(range(10 - NEAREST, 10))


def test_a_block_whose_bias_is_computed_from_parameters_can_go() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)
            self.score = nn.Linear(4, 9)
            self.table = nn.Parameter(torch.randn(1, 9))

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.first(x)
            gate = (self.score(tokens) + self.table.tanh()).mean(-1, keepdim=True)
            logits: Tensor = self.last((tokens + tokens * gate).mean(1))
            return logits

    space = Space(trace(Attention(), torch.randn(2, 3, 4)).architecture)
    (block,) = [removal for removal in space.removals if removal.end.startswith("add")]
    assert block.start == "first"
