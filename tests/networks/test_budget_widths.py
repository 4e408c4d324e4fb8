from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from networks import (
    Costs,
    Edits,
    Space,
    Traced,
    budget_widths,
    narrowest,
    scale_importance,
    trace,
)
from networks.budget_widths import LEAST_SHARE, Fits, widths_at
from networks.importance import importances
from tests.networks.conftest import FAMILIES, space_of, traced

BUDGETS = ("params", "macs", "bytes")


def _weights(name: str, seed: int = 0) -> dict[str, Tensor]:
    """The network's weights, with scales as if a training had told channels apart."""
    generator = torch.Generator().manual_seed(seed)
    return {
        key: torch.rand(value.shape, generator=generator) ** 3 if value.dim() == 1 else value
        for key, value in traced(name).weights.items()
    }


def _under(space: Space, cost: str, share: float) -> tuple[int, Fits]:
    most = int(share * int(getattr(space.costs(space.teacher()), cost)))
    return most, lambda costs: getattr(costs, cost) <= most


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("round_to", [1, 8])
def test_a_budget_is_met_and_the_next_theta_would_break_it(name: str, round_to: int) -> None:
    space = Space(traced(name).architecture, round_to)
    importance = scale_importance(space, _weights(name))
    theta = torch.logspace(-3, 1, 5000, dtype=torch.float64)
    grid = widths_at(space, importance, theta)
    for cost in BUDGETS:
        most, fits = _under(space, cost, 0.5)
        edits = budget_widths(space, importance, fits)
        assert edits is not None
        assert not edits.removed
        assert not edits.skips
        found = space.candidates([edits])
        spent = int(getattr(space.costs(found), cost))
        assert spent <= most
        best = int(fits(space.costs(grid)).sum()) - 1
        assert 0 <= best < len(theta) - 1
        assert (found.widths >= grid.widths[best]).all()
        assert (found.widths < grid.widths[best + 1]).any()  # all of these are too much
        wider = found.widths - grid.widths[best]
        apart = grid.widths[best + 1] - grid.widths[best]  # what lies between two points
        assert (wider <= 2 * space.steps + apart).all()
        assert spent > most * (0.97 if round_to == 1 else 0.8)


@pytest.mark.parametrize("name", FAMILIES)
def test_widths_and_costs_grow_with_theta_from_the_narrowest_to_the_teacher(name: str) -> None:
    space = Space(traced(name).architecture, 8)
    importance = scale_importance(space, _weights(name)).clamp(min=1e-3)
    theta = torch.logspace(-6, 3, 200, dtype=torch.float64)
    candidates = widths_at(space, importance, theta)
    assert (candidates.widths.diff(dim=0) >= 0).all()
    costs = space.costs(candidates)
    assert all((getattr(costs, name).diff() >= 0).all() for name in BUDGETS)
    assert torch.equal(candidates.widths[0], narrowest(space).widths[0])
    assert torch.equal(candidates.widths[-1], space.units)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.02, 1), st.integers(0, 3), st.sampled_from(BUDGETS))
def test_every_budget_that_the_narrowest_meet_is_met(share: float, seed: int, cost: str) -> None:
    space = space_of("zoo/resnet20")
    most, fits = _under(space, cost, share)
    edits = budget_widths(space, scale_importance(space, _weights("zoo/resnet20", seed)), fits)
    if not fits(space.costs(narrowest(space))).item():
        assert edits is None
        return
    assert edits is not None
    assert 0 < int(getattr(space.costs(space.candidates([edits])), cost)) <= most
    assert edits.widths  # never the teacher itself


def test_all_limits_count_and_the_tightest_decides(resnet20_space: Space, resnet20: Traced) -> None:
    space = resnet20_space
    teacher = space.costs(space.teacher())
    importance = scale_importance(space, resnet20.weights)

    def both(costs: Costs) -> Tensor:
        return (costs.macs <= 0.9 * teacher.macs) & (costs.params <= 0.2 * teacher.params)

    _, tight = _under(space, "params", 0.2)
    assert budget_widths(space, importance, both) == budget_widths(space, importance, tight)


def test_no_budget_is_too_small_to_be_said_so(resnet20_space: Space) -> None:
    importance = torch.ones(len(resnet20_space.groups), dtype=torch.float64)
    assert budget_widths(resnet20_space, importance, lambda costs: costs.params < 1) is None


def test_the_more_important_group_keeps_more(resnet20_space: Space, resnet20: Traced) -> None:
    weights = dict(resnet20.weights)
    weights["stages.0.0.bn1.weight"] = weights["stages.0.0.bn1.weight"] * 0.5
    importance = scale_importance(resnet20_space, weights)
    names = [group.name for group in resnet20_space.groups]
    low, high = names.index("stages.0.0.conv1"), names.index("stages.0.1.conv1")
    assert float(importance.max()) == 1
    assert float(importance[low] / importance[high]) == pytest.approx(0.5)
    (widths,) = widths_at(resnet20_space, importance, torch.tensor([0.8])).widths.tolist()
    assert (widths[low], widths[high]) == (round(16 * 0.4), round(16 * 0.8))


def test_the_importance_of_channels_that_belong_together_is_the_mean_of_all_their_norms() -> None:
    space = space_of("zoo/resnet20")
    weights = {key: value.clone() for key, value in traced("zoo/resnet20").weights.items()}
    norms = [key for key in weights if key.endswith(".weight") and weights[key].dim() == 1]
    for key in norms:
        weights[key] = torch.ones_like(weights[key])
    stem = next(key for key in norms if not key.startswith("stages"))
    stream = ["stages.0.0.bn2.weight", "stages.0.1.bn2.weight", "stages.0.2.bn2.weight"]
    weights[stem] *= -0.2
    for key in stream:
        weights[key] *= 0.6
    importance = scale_importance(space, weights)
    group = next(i for i, one in enumerate(space.groups) if not one.name.startswith("stages"))
    assert float(importance[group]) == pytest.approx((0.2 + 3 * 0.6) / 4)


def test_a_group_of_no_importance_keeps_a_least_share_while_others_have_more() -> None:
    space, weights = space_of("zoo/resnet20"), dict(traced("zoo/resnet20").weights)
    weights["stages.2.0.bn1.weight"] = torch.zeros(64)
    importance = scale_importance(space, weights)
    group = [one.name for one in space.groups].index("stages.2.0.conv1")
    assert float(importance[group]) == 0
    theta = torch.tensor([1e3, 0.5, LEAST_SHARE / 2], dtype=torch.float64)
    kept = widths_at(space, importance, theta).widths[:, group].tolist()
    assert kept == [round(64 * LEAST_SHARE), round(64 * LEAST_SHARE), round(64 * LEAST_SHARE / 2)]


class _Plain(nn.Module):
    """Three convolutions, the last of which alone may have a normalisation."""

    def __init__(self, norm: nn.Module | None = None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for incoming in (3, 16, 16):
            layers += [nn.Conv2d(incoming, 16, 3, padding=1), nn.ReLU()]
        if norm is not None:
            layers.insert(5, norm)
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.head(self.layers(x).mean(dim=(2, 3)))
        return result


def _traced(module: nn.Module) -> Traced:
    return trace(module, torch.zeros(1, 3, 8, 8))


def test_without_norms_it_is_what_the_layers_amplify() -> None:
    torch.manual_seed(0)
    plain = _traced(_Plain())
    weights = dict(plain.weights)
    for key, gain in (("layers.0", 1.0), ("layers.2", 4.0), ("layers.4", 2.0)):
        weight = weights[f"{key}.weight"]
        weights[f"{key}.weight"] = torch.full_like(weight, gain / weight[0].numel() ** 0.5)
    importance = scale_importance(Space(plain.architecture), weights)
    assert importance.tolist() == pytest.approx([0.25, 1, 0.5])


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(16), nn.GroupNorm(1, 16)])
def test_norms_and_gains_each_count_relative_to_their_own_mean(norm: nn.Module) -> None:
    torch.manual_seed(0)
    mixed = _traced(_Plain(norm))
    weights = dict(mixed.weights)
    weights["layers.5.weight"] = torch.full((16,), 1000.0)
    for key, gain in (("layers.0", 1.0), ("layers.2", 3.0), ("layers.4", 70.0)):
        weight = weights[f"{key}.weight"]
        weights[f"{key}.weight"] = torch.full_like(weight, gain / weight[0].numel() ** 0.5)
    importance = scale_importance(Space(mixed.architecture), weights)
    assert importance.tolist() == pytest.approx([0.5 / 1.5, 1, 1 / 1.5])


def test_where_all_scales_are_zero_all_groups_are_alike() -> None:
    space = space_of("zoo/resnet20")
    weights = {key: torch.zeros_like(x) for key, x in traced("zoo/resnet20").weights.items()}
    assert scale_importance(space, weights).tolist() == [1.0] * len(space.groups)


def test_groups_that_can_t_shrink_keep_all() -> None:
    space = Space(traced("zoo/resnet20").architecture, 16)
    fixed = [group.name for group in space.groups if group.units == 16]
    assert fixed
    _, fits = _under(space, "macs", 0.6)
    edits = budget_widths(space, scale_importance(space, _weights("zoo/resnet20")), fits)
    assert isinstance(edits, Edits)
    assert not set(fixed) & set(edits.widths)


class _Rigid(nn.Module):
    """A network whose layers can go, and none of which can be narrower."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))
        self.head = nn.Linear(3 * 16, 2)

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.first, self.second):
            x = x + torch.relu(layer(x))
        logits: Tensor = self.head(x.flatten(1))
        return logits


def test_a_network_without_groups_has_no_widths_and_no_importance() -> None:
    rigid = trace(_Rigid(), torch.zeros(2, 3, 4, 4))
    space = Space(rigid.architecture)
    assert (len(space.groups), space.candidates([]).widths.shape[1]) == (0, 0)
    importance = scale_importance(space, rigid.weights)
    assert budget_widths(space, importance, lambda costs: costs.params > 0) is None
    batch = (torch.rand(4, 3, 4, 4), torch.tensor([0, 1, 0, 1]))
    for found in importances(space, rigid.weights, [batch], 0).values():
        assert found.shape == (space.channels.units + 1,)
