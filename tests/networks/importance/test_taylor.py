from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from networks import build
from networks.importance.taylor import taylor
from tests.networks.importance.samples import MAKERS, batches, group, sample


def _gradients(name: str) -> list[dict[str, torch.Tensor]]:
    """Each batch's weight times gradient, parameter by parameter."""
    space, traced = sample(name)
    module = build(space.architecture, traced.weights).eval()
    found = []
    for images, labels in batches():
        module.zero_grad()
        functional.cross_entropy(module(images), labels).backward()
        products = {}
        for key, parameter in module.named_parameters():
            assert parameter.grad is not None
            products[key] = (parameter * parameter.grad).detach().double()
        found.append(products)
    return found


def test_at_a_norm_it_is_the_squared_product_of_scale_shift_and_their_gradients() -> None:
    space, traced = sample("residual")
    expected = np.zeros(6)
    for each in _gradients("residual"):
        for norm in ("norm1", "norm2"):
            expected += (each[f"{norm}.weight"] + each[f"{norm}.bias"]).square().numpy() / 2
    found = taylor(space, traced.weights, batches())
    np.testing.assert_allclose(found[:-1], expected, rtol=1e-4)


def test_without_norms_it_is_that_of_the_filter_with_its_bias() -> None:
    space, traced = sample("without norms")
    expected = np.zeros(6)
    for each in _gradients("without norms"):
        for layer in ("stem", "conv"):
            change = each[f"{layer}.weight"].flatten(1).sum(dim=1) + each[f"{layer}.bias"]
            expected += change.square().numpy() / 2
    found = taylor(space, traced.weights, batches())
    np.testing.assert_allclose(found[:-1], expected, rtol=1e-4)


def test_it_tells_what_the_loss_loses_with_a_channel() -> None:
    """A channel that the head hardly reads changes nothing, however large its filter is."""
    space, traced = sample("transformer")
    hidden = group(space, "encoder.layers.encoder_layer_0.mlp.0")
    weights = dict(traced.weights)
    read = "encoder.layers.encoder_layer_0.mlp.3.weight"
    weights[read] = weights[read].clone()
    weights[read][:, 5] = 0.0
    found = taylor(space, weights, batches())[hidden]
    assert found[5] < 1e-15 < np.delete(found, 5).min()


@pytest.mark.parametrize("name", MAKERS)
def test_the_teachers_weights_and_gradients_stay_as_they_were(name: str) -> None:
    space, traced = sample(name)
    before = {key: tensor.clone() for key, tensor in traced.weights.items()}
    found = taylor(space, traced.weights, batches())
    assert found.shape == (space.channels.units + 1,)
    assert (found[:-1] > 0).all()
    for key, tensor in traced.weights.items():
        assert torch.equal(tensor, before[key])
        assert tensor.grad is None
