from __future__ import annotations

import functools
from typing import cast

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from networks import Candidates, EditError, Edits, NothingToEditError, Space, trace
from networks.regions import Tie
from networks.rounding import find_steps, round_widths
from tests.networks.conftest import traced

NETWORKS = ("zoo/resnet20", "zoo/vgg19", "zoo/shufflenet", "torchvision/mobilenet_v2")
# Their layers make channels of several groups.
SPLIT = ("torchvision/shufflenet_v2_x0_5", "timm/res2net50_14w_8s", "timm/fasternet_t0")
ROUND_TO = (2, 8, 24, 64)


@functools.cache
def _space(name: str, round_to: int) -> Space:
    return Space(traced(name).architecture, round_to)


def _allowed(space: Space, widths: torch.Tensor) -> bool:
    return bool(((widths % space.steps == 0) | (widths == space.units)).all())


@given(units=st.integers(1, 300), step=st.integers(1, 64), width=st.integers(-5, 400))
def test_the_nearest_allowed_width_is_taken(units: int, step: int, width: int) -> None:
    step = min(step, units)
    allowed = sorted({*range(step, units, step), units})
    (rounded,) = round_widths(
        torch.tensor([width]), torch.tensor([units]), torch.tensor([step])
    ).tolist()
    assert rounded in allowed
    assert abs(rounded - width) == min(abs(one - width) for one in allowed)


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**31), round_to=st.sampled_from(ROUND_TO))
def test_every_candidate_has_allowed_widths_and_one_form(
    name: str, seed: int, round_to: int
) -> None:
    space = _space(name, round_to)
    generator = torch.Generator().manual_seed(seed)
    drawn = space.sample(50, generator)
    for candidates in (drawn, space.mutate(drawn, generator), space.smallest()):
        assert _allowed(space, candidates.widths)
        assert space.keys(space.normalise(candidates)) == space.keys(candidates)
    first = space.edits(drawn)[0]
    assert space.keys(space.candidates([first])) == space.keys(drawn[:1])


def _expect_multiples(space: Space, round_to: int) -> None:
    """Each weighted layer of random students makes a multiple, or what the teacher's makes."""
    drawn = space.sample(30, torch.Generator().manual_seed(0))
    drawn = Candidates.cat([drawn, space.mutate(drawn, torch.Generator().manual_seed(1))])
    made = space.table(drawn).out_channels
    odd = (made % round_to != 0) & (made != space.table(space.teacher()).out_channels)
    assert not odd.any(), [space.layers[i].name for i in odd.any(dim=0).nonzero()[:, 0].tolist()]


def _rounded() -> list[object]:
    """Returns networks and roundings; to look at a res2net takes twenty seconds, so at one."""
    return [
        pytest.param(
            name, to, marks=[pytest.mark.slow] if "res2net" in name and to != ROUND_TO[1] else []
        )
        for name in (*NETWORKS, *SPLIT)
        for to in ROUND_TO
    ]


@pytest.mark.parametrize(("name", "round_to"), _rounded())
def test_a_students_channels_are_multiples_or_the_teachers(name: str, round_to: int) -> None:
    _expect_multiples(_space(name, round_to), round_to)


class _Split(nn.Module):
    """The parts of a layer of 16 channels are read apart."""

    def __init__(self, first: int, channels: int = 16) -> None:
        super().__init__()
        self.first = first
        self.before = nn.Conv2d(3, channels, 3)
        self.left = nn.Conv2d(first, 24, 1)
        self.right = nn.Conv2d(channels - first, 24, 1)
        self.head = nn.Linear(48, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x)
        parts = [self.left(x[:, : self.first]), self.right(x[:, self.first :])]
        return cast(Tensor, self.head(torch.cat(parts, dim=1).mean((2, 3))))


@pytest.mark.parametrize(
    ("first", "channels", "widths"),
    [
        pytest.param(5, 16, {16}, id="neither part is a multiple: both stay"),
        pytest.param(8, 24, {16, 24}, id="both are: both shrink"),
        pytest.param(16, 28, {28}, id="one is, but not the sum: both stay"),
    ],
)
def test_the_parts_of_a_split_keep_their_sum_even(
    first: int, channels: int, widths: set[int]
) -> None:
    network = _Split(first, channels)
    space = Space(trace(network, torch.zeros(2, 3, 8, 8)).architecture, 8)
    _expect_multiples(space, 8)
    drawn = space.sample(300, torch.Generator().manual_seed(0))
    assert set(space.table(drawn).out_channels[:, 0].unique().tolist()) == widths
    left = [layer.name for layer in space.layers].index("left")
    assert set(space.table(drawn).out_channels[:, left].unique().tolist()) == {8, 16, 24}


def test_groups_that_a_removal_ties_are_rounded_alike() -> None:
    space = _space("zoo/vgg19", 8)
    removal = next(r for r in space.removals if r.ties)
    tie = removal.ties[0]
    assert space.steps[tie.first] == space.steps[tie.second]
    widths = {space.groups[tie.first].name: 40, space.groups[tie.second].name: 56}
    candidate = space.candidates([Edits((removal.name,), widths, ())])
    assert candidate.widths[0, [tie.first, tie.second]].tolist() == [40, 40]


def test_a_unit_of_many_channels_needs_a_small_step() -> None:
    one, eight = _space("zoo/shufflenet", 1), _space("zoo/shufflenet", 8)
    assert (one.steps == 1).all()
    several = next(i for i, group in enumerate(eight.groups) if group.units == 25)
    channels = one.architecture[one.groups[several].name].shape[0] // 25
    assert int(eight.steps[several]) * channels % 8 == 0
    assert int(eight.steps[several]) < 8


def test_groups_of_fewer_channels_keep_theirs() -> None:
    space = _space("zoo/resnet20", 24)
    narrow = space.units == 16
    assert (space.steps[narrow] == 16).all()
    drawn = space.sample(200, torch.Generator().manual_seed(0))
    assert (drawn.widths[:, narrow] == 16).all()
    assert set(drawn.widths[:, space.units == 32].unique().tolist()) == {24, 32}


def test_every_allowed_width_is_drawn_and_reached_by_mutation() -> None:
    space = _space("zoo/resnet20", 8)
    generator = torch.Generator().manual_seed(0)
    assert set(space.sample(2000, generator).widths[:, -1].tolist()) == set(range(8, 65, 8))
    walk = space.teacher()[torch.zeros(300, dtype=torch.int64)]
    for _ in range(60):
        walk = space.mutate(walk, generator)
    assert set(walk.widths[:, 0].tolist()) == {8, 16}


def test_a_width_that_is_not_allowed_is_refused() -> None:
    space = _space("zoo/resnet20", 8)
    name = space.groups[-1].name
    with pytest.raises(EditError, match="13 can't be kept, only all or a multiple of 8"):
        space.candidates([Edits((), {name: 13}, ())])


def test_a_network_that_rounding_leaves_nothing_of_is_refused() -> None:
    network = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(12, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3)
    )
    architecture = trace(network, torch.zeros(2, 3, 2, 2)).architecture
    assert Space(architecture, 2).groups
    with pytest.raises(NothingToEditError):
        Space(architecture, 8)
    with pytest.raises(ValueError, match="positive"):
        Space(architecture, 0)


def test_groups_that_may_be_tied_get_a_step_that_both_allow() -> None:
    space = _space("zoo/shufflenet", 8)
    steps = space.steps.tolist()
    first, second = steps.index(4), steps.index(2)
    tied = find_steps(space.architecture, space.channels, [Tie(second, first)], 8).tolist()
    assert tied[first] == tied[second] == 4
