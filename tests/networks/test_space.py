from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from networks import (
    Architecture,
    EditError,
    Edits,
    NothingToEditError,
    Space,
    build,
    inherit,
    trace,
)
from tests.networks.conftest import FAMILIES, ZOO, space_of, traced


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**31))
def test_a_random_candidate_builds_runs_and_costs_what_was_computed(name: str, seed: int) -> None:
    space, teacher = space_of(name), traced(name)
    generator = torch.Generator().manual_seed(seed)
    candidate = space.mutate(space.sample(1, generator), generator)
    costs = space.costs(candidate)
    edits = space.edits(candidate)[0]
    architecture = space.student(edits)
    student = build(architecture, inherit(space, edits, teacher.weights))

    images = torch.randn(2, 3, 32, 32)
    student.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        logits = student(images)
    assert logits.shape == (2, 7)
    assert counter.get_total_flops() == 2 * 2 * int(costs.macs)
    assert sum(p.numel() for p in student.parameters()) == int(costs.params)
    tensors = architecture.tensors.values()
    assert 4 * sum(spec.numel for spec in tensors) == int(costs.bytes)

    student.train()
    student(images).square().sum().backward()
    assert all(p.grad is not None for p in student.parameters())

    assert Architecture.from_json(architecture.to_json()) == architecture
    assert space.keys(space.candidates([Edits.from_json(edits.to_json())])) == space.keys(candidate)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_operation_by_itself_builds_and_costs_what_was_computed(name: str) -> None:
    space, teacher = space_of(name), traced(name)
    chosen = [Edits((removal.name,), {}, ()) for removal in space.removals[::3]]
    chosen += [Edits((), {g.name: g.units - 1}, ()) for g in space.groups[::8] if g.units > 1]
    chosen += [Edits((), {}, ((skip.start, skip.end),)) for skip in space.skips[::50]]
    costs = space.costs(space.candidates(chosen))
    for i, edits in enumerate(chosen):
        student = build(space.student(edits), inherit(space, edits, teacher.weights)).eval()
        assert sum(p.numel() for p in student.parameters()) == int(costs.params[i]), edits
        assert student(torch.zeros(1, 3, 32, 32)).isfinite().all(), edits


def test_sizes_of_random_candidates_spread_over_orders_of_magnitude(resnet20_space: Space) -> None:
    candidates = resnet20_space.sample(1000, torch.Generator().manual_seed(0))
    ratio = resnet20_space.costs(candidates).params / 272_281
    assert (ratio < 0.01).float().mean() > 0.05
    assert (ratio > 0.3).float().mean() > 0.05
    assert len(set(resnet20_space.keys(candidates))) > 950


def test_sampling_depends_on_the_generator_alone(resnet20_space: Space) -> None:
    first, second, third = (
        resnet20_space.keys(resnet20_space.sample(20, torch.Generator().manual_seed(seed)))
        for seed in (3, 3, 4)
    )
    assert first == second != third


def test_no_random_candidate_is_smaller_than_the_smallest(resnet20_space: Space) -> None:
    smallest = int(resnet20_space.costs(resnet20_space.smallest()).params)
    candidates = resnet20_space.sample(2000, torch.Generator().manual_seed(0))
    assert int(resnet20_space.costs(candidates).params.min()) >= smallest
    assert smallest < 100


def test_a_mutation_changes_most_candidates_by_one_operation(resnet20_space: Space) -> None:
    teacher = resnet20_space.teacher()[torch.zeros(200, dtype=torch.int64)]
    mutated = resnet20_space.mutate(teacher, torch.Generator().manual_seed(0))
    changed = sum(key != resnet20_space.keys(teacher)[0] for key in resnet20_space.keys(mutated))
    assert changed > 120  # a width that grows beyond its group's stays as it is
    operations = [len(e.removed) + len(e.skips) for e in resnet20_space.edits(mutated)]
    assert max(operations) == 1


def test_no_edits_reproduce_the_teacher() -> None:
    for name in ZOO:
        space, teacher = space_of(name), traced(name)
        (edits,) = space.edits(space.teacher())
        assert edits == Edits((), {}, ())
        student = build(space.student(edits), inherit(space, edits, teacher.weights)).eval()
        whole = build(teacher.architecture, teacher.weights).eval()
        images = torch.randn(3, 3, 32, 32)
        assert torch.equal(student(images), whole(images)), name
        assert space.student(edits).hash == teacher.architecture.hash


@pytest.mark.parametrize(
    ("edits", "what"),
    [
        (Edits(("nowhere",), {}, ()), "nowhere"),
        (Edits((), {"nowhere": 3}, ()), "nowhere"),
        (Edits((), {"conv1": 17}, ()), "17 can't be kept"),
        (Edits((), {}, (("conv1", "nowhere"),)), "nowhere"),
    ],
)
def test_edits_that_the_teacher_has_not_are_refused(
    resnet20_space: Space, edits: Edits, what: str
) -> None:
    with pytest.raises(EditError, match=what):
        resnet20_space.candidates([edits])


def test_a_network_with_nothing_to_edit_is_refused() -> None:
    linear = trace(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), torch.zeros(2, 3, 2, 2))
    with pytest.raises(NothingToEditError, match="nothing in this network"):
        Space(linear.architecture)
