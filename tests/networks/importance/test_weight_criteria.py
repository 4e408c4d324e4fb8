from __future__ import annotations

import numpy as np
import pytest
import torch

from networks.importance.weight_criteria import fpgm, gamma, l1, l2
from tests.networks.importance.samples import MAKERS, group, sample


def _doubles(tensor: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return tensor.detach().double().numpy()


def test_norms_are_summed_over_the_layers_that_a_skip_ties() -> None:
    space, traced = sample("residual")
    rows = [_doubles(traced.weights[f"{name}.weight"].flatten(1)) for name in ("stem", "conv")]
    expected = sum(np.abs(each).sum(axis=1) for each in rows)
    np.testing.assert_allclose(l1(space, traced.weights)[:-1], expected, rtol=1e-5)
    expected = sum(np.sqrt(np.square(each).sum(axis=1)) for each in rows)
    np.testing.assert_allclose(l2(space, traced.weights)[:-1], expected, rtol=1e-5)


def test_fpgm_is_the_sum_of_the_distances_to_the_other_filters() -> None:
    space, traced = sample("residual")
    expected = np.zeros(6)
    for name in ("stem", "conv"):
        rows = _doubles(traced.weights[f"{name}.weight"].flatten(1))
        expected += np.sqrt(np.square(rows[:, None] - rows[None]).sum(axis=2)).sum(axis=1)
    np.testing.assert_allclose(fpgm(space, traced.weights)[:-1], expected, rtol=1e-4)


def test_fpgm_prefers_the_filter_that_no_other_is_like() -> None:
    space, traced = sample("residual")
    weights = dict(traced.weights)
    for name in ("stem.weight", "conv.weight"):
        weights[name] = torch.ones_like(weights[name])
        weights[name][4] = 0.0  # by its norm the least of all
    assert fpgm(space, weights)[:-1].argmax() == 4
    assert l2(space, weights)[:-1].argmin() == 4


def test_filters_that_are_equal_are_at_no_distance() -> None:
    space, traced = sample("residual")
    weights = {name: torch.full_like(tensor, 0.1234567) for name, tensor in traced.weights.items()}
    assert (fpgm(space, weights) == 0).all()


def test_gamma_is_the_scale_behind_the_filter() -> None:
    space, traced = sample("residual")
    weights = dict(traced.weights)
    weights["norm1.weight"] = torch.tensor([-3.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    weights["norm2.weight"] = torch.tensor([1.0, 0.0, 0.5, 1.0, 1.0, -2.0])
    assert gamma(space, weights).tolist() == [4.0, 0.0, 1.5, 2.0, 2.0, 3.0, 0.0]


def test_gamma_without_norms_is_the_norm_of_the_filter() -> None:
    space, traced = sample("without norms")
    np.testing.assert_array_equal(gamma(space, traced.weights), l2(space, traced.weights))


def test_gamma_of_a_transformer_is_that_of_its_layer_norms_where_they_scale() -> None:
    space, traced = sample("transformer")
    weights = {
        name: 2 * tensor if ".ln" in name and name.endswith("weight") else tensor
        for name, tensor in traced.weights.items()
    }
    stream, hidden = (group(space, each.name) for each in space.groups)
    found = gamma(space, weights)
    np.testing.assert_allclose(found[stream], 2 * gamma(space, traced.weights)[stream])
    np.testing.assert_array_equal(found[hidden], l2(space, weights)[hidden])


@pytest.mark.parametrize("name", MAKERS)
def test_a_filter_that_is_no_number_is_the_least_important_and_spoils_no_other(name: str) -> None:
    space, traced = sample(name)
    first = space.groups[0]
    maker = next(iter(traced.weights))
    weights = dict(traced.weights)
    weights[maker] = weights[maker].clone()
    weights[maker][0] = float("nan")
    for criterion in (l1, l2, fpgm):
        found = criterion(space, weights)
        assert np.isfinite(found).all()
        others = np.delete(found[first.first_unit : first.first_unit + first.units], 0)
        assert (others > 0).all()
        assert found[first.first_unit] < criterion(space, traced.weights)[first.first_unit]
