"""The tables' networks as modules, written without the builder that is held against them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from networks import Architecture, trace


def traced(module: nn.Module, size: int = 32) -> Architecture:
    return trace(module.eval(), torch.zeros(2, 3, size, size)).architecture


def unit(before: int, after: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    padding = kernel // 2
    conv = nn.Conv2d(before, after, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after))


class Skipping(nn.Module):
    """A body whose input is added: to its output (`last`) or its output to it."""

    def __init__(self, body: nn.Module, *, last: bool, rectified: bool) -> None:
        super().__init__()
        self.body, self.last, self.rectified = body, last, rectified

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        total: Tensor = out + x if self.last else x + out
        return torch.relu(total) if self.rectified else total


def classified(body: list[nn.Module], width: int, classes: int = 10) -> nn.Sequential:
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]
    return nn.Sequential(*body, *head)


def inverted(
    sizes: tuple[int, int, int], kernel: int = 3, stride: int = 1, *, skip: bool = True
) -> nn.Module:
    before, hidden, after = sizes
    body = nn.Sequential(
        unit(before, hidden, 1),
        nn.ReLU(inplace=True),
        unit(hidden, hidden, kernel, stride, hidden),
        nn.ReLU(inplace=True),
        unit(hidden, after, 1),
    )
    return Skipping(body, last=True, rectified=False) if skip else body


def nas_bench_macro(key: str) -> nn.Module:
    body: list[nn.Module] = [unit(3, 32, 3), nn.ReLU(inplace=True)]
    before = 32
    for digit, after in zip(key, (64, 64, 128, 128, 128, 256, 256, 256), strict=True):
        same = before == after
        if digit != "0":
            kernel, times = {"1": (3, 3), "2": (5, 6)}[digit]
            sizes = (before, before * times, after)
            body.append(inverted(sizes, kernel, 1 if same else 2, skip=same))
        elif not same:
            body.append(unit(before, after, 1, 2))
        before = after
    return classified([*body, unit(256, 1280, 1), nn.ReLU(inplace=True)], 1280)


def basic(before: int, hidden: int, after: int, stride: int = 1) -> nn.Module:
    body = nn.Sequential(
        unit(before, hidden, 3, stride), nn.ReLU(inplace=True), unit(hidden, after, 3)
    )
    if stride == 1:
        return Skipping(body, last=False, rectified=True)
    return nn.Sequential(body, nn.ReLU(inplace=True))


def channel_bench_resnet(key: str) -> nn.Module:
    base = (64, 64, 64, 128, 128, 128, 128)
    c0, c1, c2, c3, c4, c5, c6 = (int(x) * width for x, width in zip(key, base, strict=True))
    stem = [unit(3, c0, 3, 2), nn.ReLU(inplace=True), basic(c0, c1, c0), basic(c0, c2, c0)]
    return classified([*stem, basic(c0, c3, c4, 2), basic(c4, c5, c4), basic(c4, c6, c4)], c4)


def channel_bench_mobilenet(key: str) -> nn.Module:
    base = (32, 192, 192, 192, 64, 384, 256)
    c0, c1, c2, c3, c4, c5, c6 = (int(x) * width for x, width in zip(key, base, strict=True))
    body = [
        unit(3, c0, 3, 2),
        nn.ReLU(inplace=True),
        inverted((c0, c1, c0)),
        inverted((c0, c2, c0)),
        inverted((c0, c3, c4), stride=2, skip=False),
        inverted((c4, c5, c4)),
    ]
    return classified([*body, unit(c4, c6, 1), nn.ReLU(inplace=True)], c6)


class Cell(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        widths = {"01": before, "02": before, "12": after, "13": after, "23": after}
        self.edges = nn.ModuleDict(
            {edge: nn.Sequential(nn.ReLU(), unit(x, after, 3)) for edge, x in widths.items()}
        )
        self.skip = nn.Identity() if before == after else unit(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        node1 = self.edges["01"](x)
        node2 = self.edges["02"](x) + self.edges["12"](node1)
        total: Tensor = self.skip(x) + self.edges["13"](node1) + self.edges["23"](node2)
        return total


class Residual(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(), unit(before, after, 3, 2), nn.ReLU(), unit(after, after, 3)
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        body = self.body(x)
        total: Tensor = self.shortcut(x) + body
        return total


def nats_sss(key: str, classes: int) -> nn.Module:
    c1, c2, c3, c4, c5 = (int(width) for width in key.split(":"))
    cells = [Cell(c1, c1), Residual(c1, c2), Cell(c2, c3), Residual(c3, c4), Cell(c4, c5)]
    return classified([unit(3, c1, 3), *cells, nn.BatchNorm2d(c5), nn.ReLU()], c5, classes)
