import math

import pytest
import torch
from torch import Tensor, nn

from embedding.encoding import TOKEN_FEATURES, encode, encode_architecture
from networks import LayerTable, Space, SpaceLayer, trace


def _layer(name: str, channels: tuple[int, int], stride: int = 1) -> SpaceLayer:
    return SpaceLayer(
        name=name,
        kind="conv",
        kernel=(3, 3),
        stride=(stride, stride),
        grouping="dense",
        in_channels=channels[0],
        out_channels=channels[1],
        in_size=(8, 8),
        out_size=(8 // stride, 8 // stride),
        norm=True,
        activation="relu",
    )


LOG2_3 = math.log2(3)
LAYERS = (_layer("a", (4, 16)), _layer("b", (16, 16)), _layer("c", (16, 16)), _layer("d", (16, 8)))


def _table() -> LayerTable:
    """Two candidates: all layers with `a` added to `c`; and without `b`, `a` halved."""
    feeds = torch.zeros(2, 4, 4, dtype=torch.bool)
    feeds[0, 1, 0] = feeds[0, 2, 1] = feeds[0, 3, 0] = feeds[0, 3, 2] = True
    feeds[1, 2, 0] = feeds[1, 3, 2] = True
    return LayerTable(
        alive=torch.tensor([[True] * 4, [True, False, True, True]]),
        in_channels=torch.tensor([[4, 16, 16, 16], [4, 8, 8, 16]]),
        out_channels=torch.tensor([[16, 16, 16, 8], [8, 8, 16, 8]]),
        feeds=feeds,
        joins=torch.tensor([[0, 0, 0, 1], [0, 0, 0, 0]]),
    )


def _feature(values: Tensor, name: str) -> list[float]:
    column: list[float] = values[..., TOKEN_FEATURES.index(name)].tolist()
    return column


def test_removed_layers_are_dropped_and_the_rest_moves_up() -> None:
    values, mask = encode(LAYERS, _table())
    assert mask.tolist() == [[True] * 4, [True, True, True, False]]
    assert torch.count_nonzero(values[1, 3]) == 0
    assert _feature(values[1], "depth in the teacher")[:3] == pytest.approx([0, 2 / 3, 1])
    assert _feature(values[1], "depth in the candidate")[:3] == [0, 0.5, 1]


def test_sizes_are_logarithms_absolute_and_relative() -> None:
    values, _ = encode(LAYERS, _table())
    assert _feature(values[0], "log2 output channels / 4") == [1, 1, 1, 0.75]
    assert _feature(values[0], "log2 output channels of the teacher's") == [0, 0, 0, 0]
    assert _feature(values[1], "log2 output channels of the teacher's")[:3] == [-1, 0, 0]
    assert _feature(values[1], "log2 input channels of the teacher's")[:3] == [0, -1, 0]


def test_connections_are_told_by_distances_between_tokens() -> None:
    values, _ = encode(LAYERS, _table())
    assert _feature(values[0], "log2 (1 + feeders)") == pytest.approx([0, 1, 1, LOG2_3])
    assert _feature(values[0], "log2 (1 + nearest feeder)") == [0, 1, 1, 1]
    assert _feature(values[0], "log2 (1 + farthest feeder)") == pytest.approx([0, 1, 1, 2])
    assert _feature(values[0], "log2 (1 + joins)") == [0, 0, 0, 1]
    # `b` is gone: `a` is now next to `c`.
    assert _feature(values[1], "log2 (1 + farthest feeder)")[:3] == [0, 1, 1]


def test_layers_of_another_teacher_are_refused() -> None:
    with pytest.raises(ValueError, match="3 layers, got one of 4"):
        encode(LAYERS[:3], _table())


def test_other_layer_properties_have_features() -> None:
    tokens = encode((*LAYERS[:3], _layer("d", (16, 8), stride=2)), _table()).values[0]
    assert _feature(tokens, "log2 stride height") == [0, 0, 0, 1]
    assert _feature(tokens, "log2 output area / 4") == [1.5, 1.5, 1.5, 1]
    assert _feature(tokens, "rectifier") == [1, 1, 1, 1]
    assert _feature(tokens, "log2 kernel width") == pytest.approx([LOG2_3] * 4)


def test_a_space_encodes_each_candidate_as_if_alone(space: Space) -> None:
    drawn = space.sample(40, torch.Generator().manual_seed(1))
    values, mask = encode(space.layers, space.table(drawn))
    assert torch.isfinite(values).all()
    for row in range(len(drawn)):
        alone = encode(space.layers, space.table(drawn[row : row + 1]))
        length = alone.values.shape[1]
        assert torch.equal(values[row, :length], alone.values[0])
        assert not mask[row, length:].any()
    # The layers that are left are the table's.
    assert torch.equal(mask.sum(1), space.table(drawn).alive.sum(1))


def test_different_students_have_different_tokens(space: Space) -> None:
    drawn = space.sample(40, torch.Generator().manual_seed(2))
    values, _ = encode(space.layers, space.table(drawn))
    assert len(torch.unique(values.flatten(1), dim=0)) == len(set(space.keys(drawn)))


def test_no_candidates_encode_to_nothing(space: Space) -> None:
    values, mask = encode(space.layers, space.table(space.teacher()[:0]))
    assert values.shape == (0, 1, len(TOKEN_FEATURES))
    assert mask.shape == (0, 1)


def test_a_foreign_architecture_encodes_like_a_teacher(space: Space) -> None:
    teacher = encode(space.layers, space.table(space.teacher()))
    assert torch.equal(encode_architecture(space.architecture).values, teacher.values)


def test_the_same_layers_encode_alike_in_different_teachers() -> None:
    def tokens(width: int) -> Tensor:
        layers = (nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, width, 3), nn.ReLU())
        net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 4))
        return encode_architecture(trace(net, torch.zeros(1, 1, 8, 8)).architecture).values[0]

    narrow, wide = tokens(8), tokens(16)
    assert torch.equal(narrow[0], wide[0])
    assert not torch.equal(narrow[1], wide[1])


def test_a_student_compared_with_its_teacher_encodes_as_in_the_space(space: Space) -> None:
    drawn = space.sample(12, torch.Generator().manual_seed(3))
    values, mask = encode(space.layers, space.table(drawn))
    for row, edits in enumerate(space.edits(drawn)):
        alone = encode_architecture(space.student(edits), space.layers)
        torch.testing.assert_close(alone.values[0], values[row, mask[row]])


def test_a_layer_that_the_teacher_lacks_is_compared_with_itself(space: Space) -> None:
    without = space.layers[1:]
    first = encode_architecture(space.architecture, without).values[0, 0]
    assert _feature(first.unsqueeze(0), "log2 output channels of the teacher's") == [0]
    second = encode_architecture(space.architecture, without).values[0, 1]
    assert _feature(second.unsqueeze(0), "depth in the teacher") == [0]
