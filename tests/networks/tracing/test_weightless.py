from __future__ import annotations

import threading

import torch
from torch import nn

from networks import network, trace, weightless


def test_parameters_and_buffers_are_on_the_meta_device_inside_alone() -> None:
    with weightless():
        inside = nn.BatchNorm2d(4)
    outside = nn.BatchNorm2d(4)
    assert {value.device.type for value in inside.state_dict().values()} == {"meta"}
    assert {value.device.type for value in outside.state_dict().values()} == {"cpu"}
    assert isinstance(inside.weight, nn.Parameter)


def test_what_is_not_trained_stays_so() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)

    with weightless():
        assert not Fixed().fixed.requires_grad


def test_networks_that_compute_their_sizes_with_tensors_are_built() -> None:
    with weightless():
        model = network("torchvision/regnet_x_400mf", 7, 3)
    traced = trace(model, torch.empty(2, 3, 32, 32, device="meta"))
    assert traced.architecture.output_shape == (7,)


def test_other_threads_build_real_modules_meanwhile() -> None:
    built: list[nn.Module] = []
    with weightless():
        thread = threading.Thread(target=lambda: built.append(nn.Linear(2, 2)))
        thread.start()
        thread.join()
    assert next(built[0].parameters()).device.type == "cpu"
