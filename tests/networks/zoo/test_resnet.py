from __future__ import annotations

import torch
from torch import nn

from networks.zoo.resnet import resnet18, resnet20, resnet34


def test_depths_are_those_of_the_names() -> None:
    for make, depth in ((resnet20, 20), (resnet18, 18), (resnet34, 34)):
        model = make(10, 3)
        weighted = [
            name
            for name, module in model.named_modules()
            if isinstance(module, nn.Conv2d | nn.Linear) and "shortcut" not in name
        ]
        assert len(weighted) == depth


def test_each_stage_but_the_first_halves_the_image() -> None:
    model = resnet20(10, 1).eval()
    sizes: list[int] = []
    for stage in model.get_submodule("stages").children():
        stage.register_forward_hook(lambda _module, _inputs, out: sizes.append(out.shape[-1]))
    assert model(torch.zeros(2, 1, 32, 32)).shape == (2, 10)
    assert sizes == [32, 16, 8]
