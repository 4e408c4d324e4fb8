"""VGG-19 for 32x32 images.

[Simonyan2015] Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image
Recognition, ICLR 2015, arXiv 1409.1556.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


class Vgg19(nn.Module):
    """Sixteen 3x3 convolutions with batch norm, pooled after each stage, and a linear layer."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for width, count in STAGES:
            for _ in range(count):
                conv = nn.Conv2d(before, width, 3, padding=1, bias=False)
                layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
                before = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        """`batch x channels x h x w` to logits `batch x classes`."""
        out = functional.adaptive_avg_pool2d(self.features(x), 1)
        logits: Tensor = self.classifier(torch.flatten(out, 1))
        return logits


def vgg19(classes: int, channels: int) -> nn.Module:
    """VGG-19 with batch norm [Simonyan2015, configuration E]."""
    return Vgg19(classes, channels)
