from __future__ import annotations

import torch
from torch import nn

from networks.zoo.shufflenet import WIDTHS, shufflenet


def test_stages_have_the_papers_widths_and_groups() -> None:
    model = shufflenet(10, 3).eval()
    widths: list[int] = []
    for unit in model.get_submodule("units").children():
        unit.register_forward_hook(lambda _module, _inputs, out: widths.append(out.shape[1]))
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert sorted(set(widths)) == list(WIDTHS)
    groups = {module.groups for module in model.modules() if isinstance(module, nn.Conv2d)}
    assert groups == {1, 2, 50, 100, 200}
