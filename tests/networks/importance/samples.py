"""Small networks of each kind that importance is computed for."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from networks import Space, Traced, trace
from networks.importance import Batch

CLASSES, SIZE = 3, 8


class Residual(nn.Module):
    """A stem and a convolution that a skip ties to it."""

    def __init__(self, norm: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(6) if norm else nn.Identity()
        self.conv = nn.Conv2d(6, 6, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(6) if norm else nn.Identity()
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm1(self.stem(x)))
        x = torch.relu(x + self.norm2(self.conv(x)))
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


def mixed() -> nn.Module:
    """A depthwise and a grouped convolution."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, padding=1, groups=4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, CLASSES),
    )


def transformer() -> nn.Module:
    """One block of two heads: layer norms, attention, and a hidden layer without a norm."""
    vit: nn.Module = VisionTransformer(
        image_size=SIZE,
        patch_size=4,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        mlp_dim=12,
        num_classes=CLASSES,
    )
    # torchvision's is zero: nothing before it would have a gradient.
    nn.init.normal_(vit.get_parameter("heads.head.weight"))
    return vit


MAKERS = {
    "residual": lambda: Residual(norm=True),
    "without norms": lambda: Residual(norm=False),
    "mixed": mixed,
    "transformer": transformer,
}


@functools.cache
def sample(name: str) -> tuple[Space, Traced]:
    """The space and the weights of a sample, traced once a test run."""
    torch.manual_seed(0)
    found = trace(MAKERS[name](), torch.randn(2, 3, SIZE, SIZE))
    return Space(found.architecture), found


def batches(n: int = 2) -> Sequence[Batch]:
    draws = torch.Generator().manual_seed(1)
    return [
        (
            torch.randn(16, 3, SIZE, SIZE, generator=draws),
            torch.randint(CLASSES, (16,), generator=draws),
        )
        for _ in range(n)
    ]


def group(space: Space, name: str) -> slice:
    """Where the units of a group stand."""
    found = next(each for each in space.groups if each.name == name)
    return slice(found.first_unit, found.first_unit + found.units)
