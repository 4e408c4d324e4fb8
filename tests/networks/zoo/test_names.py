from __future__ import annotations

import pytest
import torch
from torch import nn

from networks import NETWORK_NAMES, UnknownNetworkError, input_size, network


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_every_name_gives_a_network_of_the_asked_classes_and_channels(name: str) -> None:
    with torch.device("meta"):
        model = network(name, classes=7, channels=1).eval()
        size = input_size(name, 8)
        assert model(torch.empty(2, 1, size, size)).shape == (2, 7)


def test_another_number_of_channels_changes_the_first_convolution_alone() -> None:
    gray, colour = (network("torchvision/resnet18", 10, channels) for channels in (1, 3))
    shapes = [{name: p.shape for name, p in model.named_parameters()} for model in (gray, colour)]
    assert [name for name in shapes[0] if shapes[0][name] != shapes[1][name]] == ["conv1.weight"]
    assert isinstance(gray.get_submodule("conv1"), nn.Conv2d)


def test_images_are_enlarged_only_where_the_network_needs_it() -> None:
    assert input_size("zoo/resnet20", 8) == 8
    assert input_size("zoo/vgg19", 8) == 32
    assert input_size("torchvision/vgg11", 28) == 56


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownNetworkError, match="zoo/resnet20"):
        network("zoo/alexnet", 10, 3)
