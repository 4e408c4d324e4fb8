from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from networks import Architecture, Layer, TensorSpec, architecture_costs, build
from networks.architecture_json import Attribute

X: Attribute = {"input": 0}
Y: Attribute = {"input": 1}
W: Attribute = {"tensor": "w"}


class Case(NamedTuple):
    op: str
    image: tuple[int, ...]
    args: list[Attribute]
    tensors: Mapping[str, tuple[int, ...]]
    shape: tuple[int, ...]


CASES = {
    "matmul of two layers": Case("matmul", (3, 5, 7), [X, Y], {}, (3, 5, 5)),
    "matmul with a tensor": Case("matmul", (3, 5, 7), [X, W], {"w": (7, 4)}, (3, 5, 4)),
    "matmul stretched": Case("matmul", (1, 5, 7), [X, W], {"w": (1, 3, 7, 4)}, (3, 5, 4)),
    "bmm": Case("bmm", (5, 7), [X, Y], {}, (5, 5)),
    "mm": Case("mm", (7,), [X, W], {"w": (7, 4)}, (4,)),
    "addmm": Case("addmm", (7,), [{"tensor": "b"}, X, W], {"b": (4,), "w": (7, 4)}, (4,)),
    "baddbmm": Case("baddbmm", (5, 7), [{"tensor": "b"}, X, Y], {"b": (5,)}, (5, 5)),
    "einsum": Case("einsum", (5, 7), ["bij, bjk -> bik", [X, Y]], {}, (5, 5)),
    "einsum, nothing summed": Case("einsum", (5, 5), ["bij,bji->bij", [X, Y]], {}, (5, 5)),
    "einsum, ellipsis": Case(
        "einsum", (3, 5, 7), ["...i,ij->...j", [X, W]], {"w": (7, 4)}, (3, 5, 4)
    ),
    "einsum, two sums": Case("einsum", (3, 5), ["bij,ijk->bk", [X, W]], {"w": (3, 5, 2)}, (2,)),
    "attention": Case("scaled_dot_product_attention", (2, 5, 8), [X, X, X], {}, (2, 5, 8)),
    "attention to a tensor": Case(
        "scaled_dot_product_attention", (2, 5, 8), [X, W, W], {"w": (1, 2, 9, 8)}, (2, 5, 8)
    ),
    "conv1d": Case("conv1d", (3, 9), [X, W], {"w": (4, 3, 3)}, (4, 7)),
    "conv1d, grouped": Case(
        "conv1d", (4, 9), [X, W, None, [1], [0], [1], 2], {"w": (6, 2, 3)}, (6, 7)
    ),
    "conv3d": Case("conv3d", (2, 4, 4, 4), [X, W], {"w": (3, 2, 2, 2, 2)}, (3, 3, 3, 3)),
    "transposed": Case(
        "conv_transpose2d.input", (2, 4, 4), [X, W, None, [2, 2]], {"w": (2, 3, 2, 2)}, (3, 8, 8)
    ),
    "convolution": Case(
        "convolution",
        (2, 4, 4),
        [X, W, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1],
        {"w": (3, 2, 2, 2)},
        (3, 3, 3),
    ),
    "convolution, transposed": Case(
        "convolution",
        (2, 4, 4),
        [X, W, None, [1, 1], [0, 0], [1, 1], True, [0, 0], 1],
        {"w": (2, 3, 2, 2)},
        (3, 5, 5),
    ),
    "no product": Case("softmax.int", (5, 7), [X, -1], {}, (5, 7)),
}


def _architecture(case: Case) -> Architecture:
    """The operator over the image and the image transposed, two more dimensions kept in place."""
    rank = len(case.image) + 1
    layers = [Layer("input", "input", (), case.image)]
    if rank > 2:
        dims: list[Attribute] = [*range(rank - 2), rank - 1, rank - 2]
        turned = (*case.image[:-2], case.image[-1], case.image[-2])
        layers.append(Layer("turned", "permute", ("input",), turned, {"dims": dims}))
    inputs = ("input", layers[-1].name)
    tensors = {role: f"y.{role}" for role in case.tensors}
    layers.append(Layer("y", case.op, inputs, case.shape, {"args": case.args}, tensors))
    specs = {f"y.{role}": TensorSpec(shape, True) for role, shape in case.tensors.items()}
    return Architecture(tuple(layers), specs, "y")


@pytest.mark.parametrize("name", CASES)
def test_macs_are_half_of_what_pytorchs_counter_counts(name: str) -> None:
    architecture = _architecture(CASES[name])
    module = build(architecture).to("meta")
    images = torch.zeros(1, *CASES[name].image, device="meta")
    with FlopCounterMode(display=False) as counter:
        result = module(images)
    assert result.shape[1:] == CASES[name].shape
    assert 2 * int(architecture_costs(architecture).macs) == counter.get_total_flops()


def test_what_is_folded_into_the_batch_multiplies() -> None:
    weight = TensorSpec((3, 5), True)
    layers = (
        Layer("input", "input", (), (4, 5)),
        Layer("fold", "reshape", ("input",), (5,), repeats=4),
        Layer("y", "linear", ("fold",), (3,), tensors={"weight": "y.weight"}, repeats=4),
    )
    costs = architecture_costs(Architecture(layers, {"y.weight": weight}, "y"))
    assert int(costs.macs) == 4 * 3 * 5
    assert int(costs.activations) == 20 + 20 + 12
