from __future__ import annotations

import numpy as np
import pytest
import torch

from networks import build
from networks.importance.activation import activation
from tests.networks.importance.samples import MAKERS, batches, group, sample


def test_it_is_the_mean_of_what_the_next_layers_read() -> None:
    space, traced = sample("residual")
    module = build(space.architecture, traced.weights).eval()
    expected = torch.zeros(6, dtype=torch.float64)
    with torch.no_grad():
        for images, _ in batches():
            weights = module.get_submodule("norm1")(module.get_submodule("stem")(images)).relu()
            tied = module.get_submodule("norm2")(module.get_submodule("conv")(weights))
            pooled = (weights + tied).relu().mean((2, 3))
            expected += weights.abs().mean((0, 2, 3)).double() + pooled.abs().mean(0).double()
    found = activation(space, traced.weights, batches())
    np.testing.assert_allclose(found[:-1], expected.numpy(), rtol=1e-4)


def test_a_hidden_channel_that_is_always_zero_is_the_least() -> None:
    space, traced = sample("transformer")
    hidden = group(space, "encoder.layers.encoder_layer_0.mlp.0")
    weights = dict(traced.weights)
    for role in ("weight", "bias"):
        name = f"encoder.layers.encoder_layer_0.mlp.0.{role}"
        weights[name] = weights[name].clone()
        weights[name][7] = 0.0
    found = activation(space, weights, batches())[hidden]
    assert found[7] == 0
    assert (np.delete(found, 7) > 0).all()


@pytest.mark.parametrize("name", MAKERS)
def test_every_unit_is_looked_at(name: str) -> None:
    space, traced = sample(name)
    found = activation(space, traced.weights, batches())
    assert found.shape == (space.channels.units + 1,)
    assert (found[:-1] > 0).all()
