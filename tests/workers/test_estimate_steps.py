import itertools

import pytest
import torch

import networks
from networks import Space
from workers import estimate_steps
from workers.estimate_steps import fit, time_steps


@pytest.fixture(scope="module")
def space() -> Space:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Space(traced.architecture)


def test_the_fit_finds_what_a_layer_and_a_mac_take() -> None:
    layers, work = [2, 10, 20], [10**6, 10**8, 10**9]
    seconds = [3e-4 * a + 2e-11 * b for a, b in zip(layers, work, strict=True)]
    assert fit(layers, work, seconds) == pytest.approx((3e-4, 2e-11))


def test_no_part_of_the_fit_is_negative() -> None:
    layer_s, mac_s = fit([1, 100], [10**6, 10**9], [0.001, 1.0])
    assert layer_s >= 0
    assert mac_s > 0
    assert fit([10, 10], [10**6, 10**9], [1.0, 0.9])[1] == 0


def test_a_larger_student_takes_longer(space: Space) -> None:
    ticks = itertools.count()
    drawn = space.sample(100, torch.Generator().manual_seed(0))
    steps = time_steps(space, drawn, 8, 1, lambda: 9.0, clock=lambda: next(ticks) * 0.25)
    assert steps.timed == 3
    assert steps.gain == 1.0
    seconds = steps.step_s(space, drawn, 8)
    assert seconds.shape == (100,)
    assert bool((seconds > 0).all())
    teacher_s = float(steps.step_s(space, space.teacher(), 8))
    assert float(steps.step_s(space, space.smallest(), 8)) < teacher_s


@pytest.mark.parametrize("limit", ["MACS_A_TIMED_STEP", "PARAMS_OF_A_TIMED_STEP"])
def test_a_network_too_large_to_time_leaves_the_smallest(
    space: Space, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    drawn = space.sample(20, torch.Generator().manual_seed(0))
    monkeypatch.setattr(estimate_steps, limit, 1.0)
    assert time_steps(space, drawn, 8, 1, lambda: 9.0).timed == 1


def test_little_time_left_times_one_network_alone(space: Space) -> None:
    drawn = space.sample(20, torch.Generator().manual_seed(0))
    steps = time_steps(space, drawn, 8, 2, lambda: 0.9)
    assert (steps.timed, steps.wanted) == (1, 3)
    assert steps.gain == 1.0
    assert bool((steps.step_s(space, drawn, 8) > 0).all())
