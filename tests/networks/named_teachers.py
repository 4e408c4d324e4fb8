"""Networks that can be had by name, as teachers whose logits can be compared."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from networks import Space, input_size, network, trace, weightless
from networks.intake.safe_operators import expect_safe

CLASSES = 7
SMALLEST_SIZE = 32
BATCH = 2
LARGE = 50_000_000  # parameters

LARGE_NETWORKS = frozenset(
    {
        "timm/inception_resnet_v2",
        "torchvision/alexnet",
        "torchvision/convnext_base",
        "torchvision/convnext_large",
        "torchvision/efficientnet_b7",
        "torchvision/efficientnet_v2_l",
        "torchvision/efficientnet_v2_m",
        "torchvision/regnet_x_16gf",
        "torchvision/regnet_x_32gf",
        "torchvision/regnet_y_128gf",
        "torchvision/regnet_y_16gf",
        "torchvision/regnet_y_32gf",
        "torchvision/resnet152",
        "torchvision/resnext101_32x8d",
        "torchvision/resnext101_64x4d",
        "torchvision/swin_b",
        "torchvision/swin_v2_b",
        "torchvision/vgg11",
        "torchvision/vgg11_bn",
        "torchvision/vgg13",
        "torchvision/vgg13_bn",
        "torchvision/vgg16",
        "torchvision/vgg16_bn",
        "torchvision/vgg19",
        "torchvision/vgg19_bn",
        "torchvision/vit_b_16",
        "torchvision/vit_b_32",
        "torchvision/vit_h_14",
        "torchvision/vit_l_16",
        "torchvision/vit_l_32",
        "torchvision/wide_resnet101_2",
        "torchvision/wide_resnet50_2",
    }
)


class Teacher(NamedTuple):
    """A network, its space, and on real images its weights and logits."""

    name: str
    space: Space
    images: Tensor
    weights: dict[str, Tensor]
    logits: Tensor

    @property
    def real(self) -> bool:
        return not self.images.is_meta


def make_teacher(name: str, real: bool) -> Teacher:
    """The network with random weights on random images, or all of it on the meta device."""
    torch.manual_seed(0)
    size = input_size(name, SMALLEST_SIZE)
    images = torch.randn(BATCH, 3, size, size, device="cpu" if real else "meta")
    if real:
        module = network(name, CLASSES, 3)
        _calibrate(module, size)
    else:
        with weightless():
            module = network(name, CLASSES, 3)
    traced = trace(module, images)
    for layer in traced.architecture:
        expect_safe(layer)  # an upload of it would be taken
    with torch.no_grad():
        logits = module.eval()(images)
    return Teacher(name, Space(traced.architecture), images, traced.weights, logits)


def _calibrate(module: nn.Module, size: int) -> None:
    """Makes the logits of random images large enough to compare.

    Normalisation statistics are set to those of random images (without, an EfficientNet's logits
    are 1e-14), and linear layers that start at zero (a ViT's head) are drawn.
    """
    module.eval()
    norms = [norm for norm in module.modules() if isinstance(norm, _BatchNorm)]
    for norm in norms:
        norm.train().momentum = None  # the mean over all batches
    with torch.no_grad():
        for linear in module.modules():
            if isinstance(linear, nn.Linear) and not linear.weight.any():
                linear.reset_parameters()
        for _ in range(2):
            module(torch.randn(4, 3, size, size))
    for norm in norms:
        norm.eval().momentum = 0.1
