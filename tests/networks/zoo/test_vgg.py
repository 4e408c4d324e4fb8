from __future__ import annotations

import torch
from torch import nn

from networks.zoo.vgg import vgg19


def test_it_has_sixteen_convolutions_a_linear_layer_and_five_poolings() -> None:
    model = vgg19(10, 3)
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(nn.Conv2d) == 16
    assert kinds.count(nn.Linear) == 1
    assert kinds.count(nn.MaxPool2d) == 5


def test_each_pooling_halves_the_image() -> None:
    model = vgg19(10, 1).eval()
    assert model.get_submodule("features")(torch.zeros(2, 1, 32, 32)).shape == (2, 512, 1, 1)
    assert model(torch.zeros(2, 1, 64, 64)).shape == (2, 10)
