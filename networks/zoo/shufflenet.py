"""ShuffleNet for 32x32 images.

[Zhang2018] Zhang, Zhou, Lin, Sun: ShuffleNet: An Extremely Efficient Convolutional Neural Network
for Mobile Devices, CVPR 2018, arXiv 1707.01083.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

GROUPS = 2
WIDTHS = (200, 400, 800)
BLOCKS = (4, 8, 4)
STEM = 24


class ShuffleUnit(nn.Module):
    """Grouped 1x1, channel shuffle, depthwise 3x3, grouped 1x1 [Zhang2018, figure 2].

    With stride 2 the shortcut is an average pooling, concatenated; else it is added.
    """

    def __init__(self, channels: int, width: int, stride: int, groups: int) -> None:
        super().__init__()
        self.stride = stride
        out = width - channels if stride == 2 else width
        middle = width // 4
        self.groups = groups
        self.conv1 = nn.Conv2d(channels, middle, 1, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride, 1, groups=middle, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, out, 1, groups=GROUPS, bias=False)
        self.bn3 = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """`batch x channels x h x w` to `batch x width x h/stride x w/stride`."""
        out = functional.relu(self.bn1(self.conv1(x)))
        out = functional.channel_shuffle(out, self.groups) if self.groups > 1 else out
        out = self.bn3(self.conv3(self.bn2(self.conv2(out))))
        if self.stride == 2:
            pooled = functional.avg_pool2d(x, 3, 2, 1)
            return functional.relu(torch.cat([out, pooled], dim=1))
        return functional.relu(out + x)


class ShuffleNet(nn.Module):
    """A stem, three stages of shuffle units, global average pooling and a linear layer."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, STEM, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        units: list[nn.Module] = []
        before = STEM
        for width, count in zip(WIDTHS, BLOCKS, strict=True):
            for i in range(count):
                groups = 1 if before == STEM else GROUPS
                units.append(ShuffleUnit(before, width, 2 if i == 0 else 1, groups))
                before = width
        self.units = nn.Sequential(*units)
        self.fc = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        """`batch x channels x h x w` to logits `batch x classes`."""
        out = self.units(functional.relu(self.bn1(self.conv1(x))))
        logits: Tensor = self.fc(torch.flatten(functional.adaptive_avg_pool2d(out, 1), 1))
        return logits


def shufflenet(classes: int, channels: int) -> nn.Module:
    """ShuffleNet with two groups [Zhang2018, table 1]."""
    return ShuffleNet(classes, channels)
