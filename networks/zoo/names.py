"""Which networks can be had by name, how they are made, and how small their images may be."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from networks.errors import NetworkError, UnknownNetworkError
from networks.tracing.weightless import weightless
from networks.zoo.resnet import resnet18, resnet20, resnet34
from networks.zoo.shufflenet import shufflenet
from networks.zoo.timm_networks import TIMM_NAMES, timm_network, timm_size
from networks.zoo.torchvision_networks import (
    TORCHVISION_NAMES,
    torchvision_network,
    torchvision_size,
)
from networks.zoo.vgg import vgg19

LARGEST_SIZE = 1024

_ZOO: dict[str, Callable[[int, int], nn.Module]] = {
    "zoo/resnet18": resnet18,
    "zoo/resnet20": resnet20,
    "zoo/resnet34": resnet34,
    "zoo/shufflenet": shufflenet,
    "zoo/vgg19": vgg19,
}
_ZOO_SIZE = 32

NETWORK_NAMES: tuple[str, ...] = (*sorted(_ZOO), *TORCHVISION_NAMES, *TIMM_NAMES)


def network(name: str, classes: int, channels: int) -> nn.Module:
    """A fresh network, initialised at random.

    Args:
        name: One of `NETWORK_NAMES`.
        classes: Number of outputs.
        channels: Of the input images.

    Raises:
        UnknownNetworkError: If there is none of that name.
        NetworkError: If it is timm's, and timm is not installed.
    """
    if name in _ZOO:
        return _ZOO[name](classes, channels)
    if name in TORCHVISION_NAMES:
        return torchvision_network(name, classes, channels)
    if name in TIMM_NAMES:
        return timm_network(name, classes, channels)
    raise UnknownNetworkError(f"there is no network {name!r}; there are {', '.join(NETWORK_NAMES)}")


def native_size(name: str) -> int:
    """The image size that the network was made for.

    Raises:
        UnknownNetworkError: If there is no network of that name.
        NetworkError: If it is timm's, and timm is not installed.
    """
    if name not in NETWORK_NAMES:
        raise UnknownNetworkError(f"there is no network {name!r}")
    if name in _ZOO:
        return _ZOO_SIZE
    return torchvision_size(name) if name in TORCHVISION_NAMES else timm_size(name)


def input_size(name: str, size: int) -> int:
    """The smallest square size from `size` on, in doublings, that the network can take.

    A network that takes no other size than its own (most transformers) gives that, be it smaller
    or larger.

    Raises:
        UnknownNetworkError: If there is no network of that name.
        NetworkError: If it takes none up to 1,024, or is timm's, and timm is not installed.
    """
    with weightless():
        model = network(name, classes=2, channels=3).eval()
    doublings = [size << i for i in range(LARGEST_SIZE.bit_length()) if size << i <= LARGEST_SIZE]
    for tried in (*doublings, native_size(name)):
        if _takes(model, tried):
            return tried
    raise NetworkError(f"{name} takes no image up to {LARGEST_SIZE}x{LARGEST_SIZE}")


def _takes(model: nn.Module, size: int) -> bool:
    """Whether a network on the meta device runs on images of `size`."""
    try:
        with torch.no_grad(), torch.device("meta"):
            model(torch.empty(2, 3, size, size))
    except (RuntimeError, AssertionError, ValueError):  # it shrinks to nothing, or isn't its own
        return False
    return True
