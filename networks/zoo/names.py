"""Which networks can be had by name, how they are made, and how small their images may be."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torchvision
from torch import nn

from networks.errors import NetworkError, UnknownNetworkError
from networks.zoo.resnet import resnet18, resnet20, resnet34
from networks.zoo.shufflenet import shufflenet
from networks.zoo.vgg import vgg19

LARGEST_SIZE = 1024

_ZOO: dict[str, Callable[[int, int], nn.Module]] = {
    "zoo/resnet18": resnet18,
    "zoo/resnet20": resnet20,
    "zoo/resnet34": resnet34,
    "zoo/shufflenet": shufflenet,
    "zoo/vgg19": vgg19,
}

_TORCHVISION = tuple(
    f"torchvision/{name}"
    for name in (
        "mobilenet_v2",
        "resnet101",
        "resnet152",
        "resnet18",
        "resnet34",
        "resnet50",
        "resnext101_32x8d",
        "resnext101_64x4d",
        "resnext50_32x4d",
        "shufflenet_v2_x0_5",
        "shufflenet_v2_x1_0",
        "shufflenet_v2_x1_5",
        "shufflenet_v2_x2_0",
        "vgg11",
        "vgg11_bn",
        "vgg13",
        "vgg13_bn",
        "vgg16",
        "vgg16_bn",
        "vgg19",
        "vgg19_bn",
        "wide_resnet101_2",
        "wide_resnet50_2",
    )
)

NETWORK_NAMES: tuple[str, ...] = (*sorted(_ZOO), *_TORCHVISION)


def network(name: str, classes: int, channels: int) -> nn.Module:
    """A fresh network, initialised at random.

    Args:
        name: One of `NETWORK_NAMES`.
        classes: Number of outputs.
        channels: Of the input images.

    Raises:
        UnknownNetworkError: If there is none of that name.
    """
    if name in _ZOO:
        return _ZOO[name](classes, channels)
    if name in _TORCHVISION:
        model = torchvision.models.get_model(name.removeprefix("torchvision/"), num_classes=classes)
        return model if channels == 3 else _with_channels(model, channels)
    raise UnknownNetworkError(f"there is no network {name!r}; there are {', '.join(NETWORK_NAMES)}")


def _with_channels(model: nn.Module, channels: int) -> nn.Module:
    """The model with a first convolution that takes another number of channels."""
    for path, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            parent, _, attribute = path.rpartition(".")
            first = nn.Conv2d(
                channels,
                module.out_channels,
                kernel_size=(module.kernel_size[0], module.kernel_size[1]),
                stride=(module.stride[0], module.stride[1]),
                padding=(int(module.padding[0]), int(module.padding[1])),
                bias=module.bias is not None,
            )
            setattr(model.get_submodule(parent), attribute, first)
            return model
    raise NetworkError("the network has no convolution to take the image")


def input_size(name: str, size: int) -> int:
    """The smallest square size from `size` on, in doublings, that the network can take.

    Raises:
        UnknownNetworkError: If there is no network of that name.
        NetworkError: If it takes none up to 1,024.
    """
    with torch.device("meta"):
        model = network(name, classes=2, channels=3).eval()
        while size <= LARGEST_SIZE:
            try:
                model(torch.empty(2, 3, size, size))
            except RuntimeError:  # an image that shrinks to nothing
                size *= 2
            else:
                return size
    raise NetworkError(f"{name} takes no image up to {LARGEST_SIZE}x{LARGEST_SIZE}")
