from __future__ import annotations

import torch
from torch import nn

from networks import trace, weightless
from networks.zoo.torchvision_networks import torchvision_network


def test_auxiliary_heads_are_there_for_training_and_reported_when_dropped() -> None:
    with weightless():
        model = torchvision_network("torchvision/googlenet", 7, 3)
    traced = trace(model, torch.empty(2, 3, 64, 64, device="meta"))
    assert any(what.startswith("aux1: auxiliary head") for what in traced.dropped)
    assert not any(name.startswith("aux") for name in traced.weights)


def test_stochastic_depth_is_reported() -> None:
    with weightless():
        model = torchvision_network("torchvision/convnext_tiny", 7, 3)
    dropped = trace(model, torch.empty(2, 3, 32, 32, device="meta")).dropped
    assert len(dropped) == 18  # one in each block
    assert all(what.endswith("stochastic depth") for what in dropped)


def test_a_patch_convolution_takes_other_images_too() -> None:
    with weightless():
        model = torchvision_network("torchvision/vit_b_32", 7, 2)
    first = model.get_submodule("conv_proj")
    assert isinstance(first, nn.Conv2d)
    assert first.weight.shape == (768, 2, 32, 32)
