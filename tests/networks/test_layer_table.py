from __future__ import annotations

import pytest
import torch

from networks import Edits, LayerTable, Space, build, inherit, read_layers
from tests.networks.conftest import space_of, traced


def _table(space: Space, edits: Edits) -> LayerTable:
    return space.table(space.candidates([edits]))


def _number(space: Space, name: str) -> int:
    return [layer.name for layer in space.layers].index(name)


def test_widths_are_those_of_the_built_student() -> None:
    for name in ("zoo/resnet20", "zoo/shufflenet", "torchvision/mobilenet_v2"):
        space = space_of(name)
        candidates = space.sample(5, torch.Generator().manual_seed(1))
        table = space.table(candidates)
        for row, edits in enumerate(space.edits(candidates)):
            modules = dict(
                build(
                    space.student(edits), inherit(space, edits, traced(name).weights)
                ).named_modules()
            )
            for column, layer in enumerate(space.layers):
                assert (layer.name in modules) == bool(table.alive[row, column])
                if layer.name in modules:
                    module = modules[layer.name]
                    inside = getattr(module, "in_channels", getattr(module, "in_features", None))
                    outside = getattr(module, "out_channels", getattr(module, "out_features", None))
                    assert inside == int(table.in_channels[row, column])
                    assert outside == int(table.out_channels[row, column])


def test_a_residual_block_is_fed_by_what_was_added(resnet20_space: Space) -> None:
    table = _table(resnet20_space, Edits((), {}, ()))
    second = _number(resnet20_space, "stages.0.1.conv1")
    feeders = {
        resnet20_space.layers[j].name for j in table.feeds[0, second].nonzero()[:, 0].tolist()
    }
    assert feeders == {"conv1", "stages.0.0.conv2"}
    assert int(table.joins[0, second]) == 1
    assert int(table.joins[0, _number(resnet20_space, "stages.0.0.conv1")]) == 0


def test_a_removed_layer_hands_on_what_fed_it(resnet20_space: Space) -> None:
    table = _table(resnet20_space, Edits(("stages.0.0",), {}, ()))
    assert not table.alive[0, _number(resnet20_space, "stages.0.0.conv1")]
    second = _number(resnet20_space, "stages.0.1.conv1")
    feeders = {
        resnet20_space.layers[j].name for j in table.feeds[0, second].nonzero()[:, 0].tolist()
    }
    assert feeders == {"conv1"}


def test_a_skip_adds_a_feeder_and_a_join(resnet20_space: Space) -> None:
    skip = next(s for s in resnet20_space.skips if s.end == "stages.0.1.relu#2")
    plain = _table(resnet20_space, Edits((), {}, ()))
    skipped = _table(resnet20_space, Edits((), {}, ((skip.start, skip.end),)))
    reader = _number(resnet20_space, "stages.0.2.conv1")
    assert int(skipped.joins[0, reader]) == int(plain.joins[0, reader]) + 1
    assert int(skipped.feeds[0, reader].sum()) >= int(plain.feeds[0, reader].sum())


def test_layers_say_what_they_are() -> None:
    layers = {layer.name: layer for layer in space_of("zoo/shufflenet").layers}
    assert layers["conv1"].kernel == (3, 3)
    assert layers["units.0.conv2"].grouping == "depthwise"
    assert layers["units.0.conv2"].stride == (2, 2)
    assert layers["units.0.conv3"].grouping == "grouped"
    assert (layers["fc"].kind, layers["fc"].in_channels, layers["fc"].out_channels) == (
        "linear",
        800,
        7,
    )
    assert layers["conv1"].norm
    assert layers["conv1"].activation == "relu"


@pytest.mark.parametrize("name", ["zoo/resnet20", "zoo/shufflenet", "torchvision/mobilenet_v2"])
def test_an_architecture_alone_reads_as_its_teacher_does_in_the_space(name: str) -> None:
    space = space_of(name)
    layers, table = read_layers(space.architecture)
    expected = _table(space, Edits((), {}, ()))
    assert layers == space.layers
    assert torch.equal(table.alive, expected.alive)
    assert torch.equal(table.in_channels, expected.in_channels)
    assert torch.equal(table.out_channels, expected.out_channels)
    assert torch.equal(table.feeds, expected.feeds)
    assert torch.equal(table.joins, expected.joins)


def test_a_students_architecture_alone_reads_as_it_does_in_the_space(
    resnet20_space: Space,
) -> None:
    space = resnet20_space
    drawn = space.sample(8, torch.Generator().manual_seed(1))
    expected = space.table(drawn)
    for row, edits in enumerate(space.edits(drawn)):
        layers, table = read_layers(space.student(edits))
        alive = expected.alive[row]
        left = [x.name for x, there in zip(space.layers, alive.tolist(), strict=True) if there]
        assert [x.name for x in layers] == left
        assert torch.equal(table.in_channels[0], expected.in_channels[row, alive])
        assert torch.equal(table.out_channels[0], expected.out_channels[row, alive])
        assert torch.equal(table.feeds[0], expected.feeds[row][alive][:, alive])
        assert torch.equal(table.joins[0], expected.joins[row, alive])
