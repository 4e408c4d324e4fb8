from __future__ import annotations

import pytest
import torch
from torch import nn

from networks import (
    NETWORK_NAMES,
    UnknownNetworkError,
    input_size,
    native_size,
    network,
    weightless,
)

# One of each way in which a network is made; test_every_network takes them all.
SOME = (
    *(name for name in NETWORK_NAMES if name.startswith("zoo/")),
    "torchvision/alexnet",
    "torchvision/googlenet",
    "torchvision/inception_v3",
    "torchvision/regnet_y_400mf",
    "torchvision/swin_t",
    "torchvision/vit_b_32",
    "timm/convnext_atto",
    "timm/lcnet_035",
)


@pytest.mark.parametrize("name", SOME)
def test_a_name_gives_a_network_of_the_asked_classes_and_channels(name: str) -> None:
    with weightless():
        model = network(name, classes=7, channels=1).eval()
    size = input_size(name, 32)
    images = torch.empty(2, 1, size, size, device="meta")
    assert model(images).shape == (2, 7)


def test_every_source_has_its_networks() -> None:
    sources = [name.partition("/")[0] for name in NETWORK_NAMES]
    assert len(set(NETWORK_NAMES)) == len(NETWORK_NAMES)
    assert sources.count("torchvision") == 80
    assert sources.count("timm") >= 45


def test_another_number_of_channels_changes_the_first_convolution_alone() -> None:
    with weightless():
        gray, colour = (network("torchvision/resnet18", 10, channels) for channels in (1, 3))
    shapes = [{name: p.shape for name, p in model.named_parameters()} for model in (gray, colour)]
    assert [name for name in shapes[0] if shapes[0][name] != shapes[1][name]] == ["conv1.weight"]
    assert isinstance(gray.get_submodule("conv1"), nn.Conv2d)


def test_images_are_enlarged_only_where_the_network_needs_it() -> None:
    assert input_size("zoo/resnet20", 8) == 8
    assert input_size("zoo/vgg19", 8) == 32
    assert input_size("torchvision/vgg11", 28) == 56


def test_a_network_of_one_size_takes_no_other() -> None:
    assert input_size("torchvision/vit_b_32", 32) == 224
    assert input_size("torchvision/vit_b_32", 300) == 224


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("zoo/resnet20", 32),
        ("torchvision/resnet18", 224),
        ("torchvision/inception_v3", 299),
        ("timm/resnet10t", 176),
    ],
)
def test_a_network_has_a_size_that_it_was_made_for(name: str, size: int) -> None:
    assert native_size(name) == size


@pytest.mark.parametrize(
    "find", [lambda name: network(name, 10, 3), native_size], ids=["new", "size"]
)
def test_an_unknown_name_is_refused(find: object) -> None:
    assert callable(find)
    with pytest.raises(UnknownNetworkError, match="zoo/alexnet"):
        find("zoo/alexnet")
