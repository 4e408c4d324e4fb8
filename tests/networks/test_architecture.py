from __future__ import annotations

import pytest
import torch
from torch import nn

from networks import Architecture, ArchitectureError, Layer, TensorSpec, Traced, trace

INPUT = Layer("input", "input", (), (3, 8, 8))


def test_json_round_trip_keeps_everything(resnet20: Traced) -> None:
    architecture = resnet20.architecture
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture
    assert again.hash == architecture.hash


def test_shapes_leave_the_batch_out(resnet20: Traced) -> None:
    assert resnet20.architecture.input_shape == (3, 32, 32)
    assert resnet20.architecture.output_shape == (7,)


def test_the_hash_knows_structure_and_not_names() -> None:
    class Named(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.other_name = nn.Conv2d(3, width, 3)
            self.head = nn.Linear(width * 36, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.head(self.other_name(x).flatten(1))
            return out

    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 2))
    images = torch.zeros(2, 3, 8, 8)
    assert trace(plain, images).architecture.hash == trace(Named(4), images).architecture.hash
    assert trace(plain, images).architecture.hash != trace(Named(5), images).architecture.hash


def test_consumers_are_who_reads_a_layer(resnet20: Traced) -> None:
    readers = resnet20.architecture.consumers
    assert readers["relu"] == ("stages.0.0.conv1", "stages.0.0.add")
    assert readers["fc"] == ()


@pytest.mark.parametrize(
    ("layers", "output", "message"),
    [
        ((INPUT, Layer("a", "relu", ("b",), (3, 8, 8))), "a", "reads 'b'"),
        ((INPUT, INPUT), "input", "two layers are named 'input'"),
        ((INPUT,), "b", "'b' is no layer"),
        ((Layer("a", "relu", (), (1,)),), "a", "first layer must be the input"),
        (
            (INPUT, Layer("c", "linear", ("input",), (2,), {}, {"weight": "w"})),
            "c",
            "has no tensor 'w'",
        ),
    ],
)
def test_a_graph_that_does_not_hold_together_is_refused(
    layers: tuple[Layer, ...], output: str, message: str
) -> None:
    with pytest.raises(ArchitectureError, match=message):
        Architecture(layers, {"v": TensorSpec((1,), trainable=True)}, output)
