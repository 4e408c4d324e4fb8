"""Residual networks for 32x32 images.

[He2016] He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, arXiv
1512.03385.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut [He2016]; a 1x1 convolution where the shape changes."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """`batch x channels x h x w` to `batch x width x h/stride x w/stride`."""
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return functional.relu(out + self.shortcut(x))


class ResNet(nn.Module):
    """A 3x3 stem, stages of basic blocks, global average pooling and a linear layer [He2016].

    Args:
        widths: Channels of each stage; each but the first halves the image.
        blocks: Blocks of each stage.
        classes: Outputs.
        channels: Of the input image.
    """

    def __init__(
        self, widths: tuple[int, ...], blocks: tuple[int, ...], classes: int, channels: int
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        stages: list[nn.Module] = []
        before = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            strides = [1 if stage == 0 else 2, *([1] * (count - 1))]
            row = [BasicBlock(before if i == 0 else width, width, s) for i, s in enumerate(strides)]
            stages.append(nn.Sequential(*row))
            before = width
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """`batch x channels x h x w` to logits `batch x classes`."""
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.stages(out)
        logits: Tensor = self.fc(torch.flatten(functional.adaptive_avg_pool2d(out, 1), 1))
        return logits


def resnet20(classes: int, channels: int) -> nn.Module:
    """Three stages of three blocks, 16 to 64 channels [He2016, section 4.2]."""
    return ResNet((16, 32, 64), (3, 3, 3), classes, channels)


def resnet18(classes: int, channels: int) -> nn.Module:
    """Four stages of two blocks, 64 to 512 channels."""
    return ResNet((64, 128, 256, 512), (2, 2, 2, 2), classes, channels)


def resnet34(classes: int, channels: int) -> nn.Module:
    """Four stages of 3, 4, 6 and 3 blocks, 64 to 512 channels."""
    return ResNet((64, 128, 256, 512), (3, 4, 6, 3), classes, channels)
