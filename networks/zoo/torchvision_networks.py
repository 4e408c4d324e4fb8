"""All of torchvision's classification networks by name."""

from __future__ import annotations

import torchvision
from torch import nn

from networks.errors import NetworkError

PREFIX = "torchvision/"
TORCHVISION_NAMES: tuple[str, ...] = tuple(
    f"{PREFIX}{name}" for name in torchvision.models.list_models(module=torchvision.models)
)
NATIVE_SIZE = 224
_NATIVE_SIZES = {f"{PREFIX}inception_v3": 299}

# These two draw their first weights as their papers do only when told to.
_WITH_INIT = frozenset({f"{PREFIX}googlenet", f"{PREFIX}inception_v3"})


def torchvision_network(name: str, classes: int, channels: int) -> nn.Module:
    """A fresh network, without pretrained weights; `name` is one of `TORCHVISION_NAMES`."""
    options = {"init_weights": True} if name in _WITH_INIT else {}
    model: nn.Module = torchvision.models.get_model(
        name.removeprefix(PREFIX), weights=None, num_classes=classes, **options
    )
    return model if channels == 3 else _with_channels(model, channels)


def torchvision_size(name: str) -> int:
    """The image size that the network is made for; those with a fixed size take no other."""
    return _NATIVE_SIZES.get(name, NATIVE_SIZE)


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
