from __future__ import annotations

import functools

import pytest
import torch

from networks import Space, Traced, network, trace

ZOO = ("zoo/resnet20", "zoo/resnet18", "zoo/resnet34", "zoo/vgg19", "zoo/shufflenet")
SMALL = (*ZOO, "torchvision/mobilenet_v2", "torchvision/shufflenet_v2_x0_5")
LARGE = ("torchvision/resnet50", "torchvision/resnext50_32x4d", "torchvision/vgg11_bn")
FAMILIES = (*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE))


@functools.cache
def traced(name: str) -> Traced:
    """A network of seven classes for 32x32 images, traced once a test run."""
    torch.manual_seed(0)
    return trace(network(name, 7, 3), torch.randn(2, 3, 32, 32))


@functools.cache
def space_of(name: str) -> Space:
    return Space(traced(name).architecture)


@pytest.fixture(scope="session")
def resnet20() -> Traced:
    return traced("zoo/resnet20")


@pytest.fixture(scope="session")
def resnet20_space() -> Space:
    return space_of("zoo/resnet20")
