from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import networks
from networks import Edits, Space
from networks.importance import CRITERIA
from networks.inheritance import choose_units
from tests.networks.importance.samples import MAKERS, Residual
from tests.workers.samples import two_digits
from tests.workers.trained import Trained
from workers import inheriting
from workers.data import Labelled, TrainingData
from workers.inheriting import (
    attempts,
    choose,
    inherited_student,
    teacher_importances,
)
from workers.measuring import as_tensor
from workers.norm_statistics import batch_norms
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.student import student_module
from workers.teacher import Teacher


@pytest.fixture(scope="module")
def known(trained: Trained) -> Trained:
    """The trained teacher with its importances, as trials get it."""
    importances = teacher_importances(trained.data, trained.teacher)
    return replace(trained, teacher=replace(trained.teacher, importances=importances))


def _weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return networks.weights_of(module)


def test_the_attempt_that_is_chosen_is_the_student(known: Trained) -> None:
    edits = known.edits.to_json()
    tried = attempts(known.data, known.teacher, edits, 5)
    found = inherited_student(known.data, known.teacher, edits, 5)
    assert len(tried) > 1
    assert tried[0].criteria[0] == "l1"
    assert found.accuracy_before_training >= tried[0].accuracy
    taken = next(each for each in tried if found.criterion in each.criteria)
    assert (taken.criteria[0], taken.accuracy) == (found.criterion, found.accuracy_before_training)
    for name, value in _weights(found.module).items():
        assert torch.equal(value, taken.weights[name])


def test_the_most_accurate_is_chosen_and_of_equals_the_first() -> None:
    assert choose([0.3, 0.6, 0.6], 100) == 1


def test_the_chosen_one_must_be_better_than_l1_by_more_than_chance() -> None:
    # Two standard errors of 0.5 on 100 images are 0.1.
    assert choose([0.41, 0.5, 0.3], 100) == 0
    assert choose([0.39, 0.5, 0.3], 100) == 1
    assert choose([0.0, 0.0], 10) == 0


def test_each_criterion_is_tried_once(known: Trained) -> None:
    tried = attempts(known.data, known.teacher, known.edits.to_json(), 5)
    assert sorted(x for each in tried for x in each.criteria) == sorted(CRITERIA)
    first = [CRITERIA.index(each.criteria[0]) for each in tried]
    assert first == sorted(first)


def test_the_weights_are_those_that_the_criterion_keeps(known: Trained) -> None:
    assert known.teacher.importances is not None
    tensors = known.teacher.tensors()
    for attempt in attempts(known.data, known.teacher, known.edits.to_json(), 5):
        for criterion in set(attempt.criteria) - {"random"}:
            importance = known.teacher.importances[criterion]
            sliced = networks.inherit(known.space, known.edits, tensors, importance)
            for name, value in attempt.weights.items():
                if "running" not in name:
                    assert torch.equal(value, sliced[name]), (criterion, name)


def test_of_equals_the_first_criterion_is_taken(
    known: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inheriting._ChoosingImages, "accuracy", lambda *_: 0.5)
    found = inherited_student(known.data, known.teacher, known.edits.to_json(), 5)
    assert (found.criterion, found.accuracy_before_training) == (CRITERIA[0], 0.5)


def test_a_seed_gives_the_same_and_draws_its_own_random_channels(known: Trained) -> None:
    edits = known.edits.to_json()
    first, again, other = (attempts(known.data, known.teacher, edits, x) for x in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        assert (one.criteria, one.accuracy) == (two.criteria, two.accuracy)
        assert all(torch.equal(one.weights[name], two.weights[name]) for name in one.weights)
    drawn, differently = (
        next(each.weights for each in tried if "random" in each.criteria)
        for tried in (first, other)
    )
    assert any(
        not torch.equal(drawn[name], differently[name]) for name in drawn if "running" not in name
    )


def test_importances_that_nobody_computed_are_computed(known: Trained) -> None:
    edits = known.edits.to_json()
    without = replace(known.teacher, importances=None)
    found, expected = (
        inherited_student(known.data, teacher, edits, 5) for teacher in (without, known.teacher)
    )
    assert found.criterion == expected.criterion
    assert all(
        torch.equal(value, _weights(expected.module)[name])
        for name, value in _weights(found.module).items()
    )


def test_where_no_width_changes_there_is_one_attempt_with_statistics_of_its_own(
    known: Trained,
) -> None:
    removal = known.space.removals[0].name
    edits = Edits((removal,), {}, ())
    (attempt,) = attempts(known.data, known.teacher, edits.to_json(), 0)
    assert attempt.criteria == CRITERIA
    sliced = _weights(student_module(known.teacher, edits.to_json(), None))
    assert all(
        torch.equal(value, sliced[name]) != ("running" in name)
        for name, value in attempt.weights.items()
    )


def test_validation_is_not_looked_at(known: Trained) -> None:
    nothing = Labelled(known.data.validation.images[:0], known.data.validation.labels[:0])
    blind = replace(known.data, validation=nothing)
    edits = known.edits.to_json()
    found, expected = (
        inherited_student(data, known.teacher, edits, 5) for data in (blind, known.data)
    )
    assert found.accuracy_before_training == expected.accuracy_before_training


def test_statistics_help_a_student_before_its_training(known: Trained) -> None:
    widths = {group.name: group.units * 3 // 4 for group in known.space.groups}
    edits = Edits((), widths, ()).to_json()
    found = inherited_student(known.data, known.teacher, edits, 0)
    assert not found.module.training
    assert found.accuracy_before_training > 0.8


@pytest.mark.parametrize("images", [1, 2, 10])
def test_a_few_images_are_enough_to_choose(known: Trained, images: int) -> None:
    few = replace(
        known.data,
        train=Labelled(known.data.train.images[:images], known.data.train.labels[:images]),
    )
    found = inherited_student(
        few, replace(known.teacher, importances=None), known.edits.to_json(), 0
    )
    assert found.accuracy_before_training * images == round(found.accuracy_before_training * images)
    assert all(value.isfinite().all() for value in _weights(found.module).values())


def test_one_image_makes_no_statistics(known: Trained) -> None:
    one = Labelled(known.data.train.images[:1], known.data.train.labels[:1])
    images = inheriting._ChoosingImages(replace(known.data, train=one), Precision(), 0)
    assert images.for_statistics == []
    assert images.measured == 1


def test_importances_that_are_no_numbers_choose_the_first_channels(known: Trained) -> None:
    assert known.teacher.importances is not None
    nan = np.full_like(known.teacher.importances["l1"], np.nan)
    broken = replace(known.teacher, importances=dict.fromkeys(CRITERIA, nan))
    tried = attempts(known.data, broken, known.edits.to_json(), 0)
    chosen = choose_units(known.space, known.edits, known.teacher.tensors(), nan)
    first = choose_units(
        known.space,
        known.edits,
        known.teacher.tensors(),
        known.teacher.importances["first"],
    )
    assert (chosen == first).all()
    assert [each.criteria for each in tried] == [
        tuple(x for x in CRITERIA if x != "random"),
        ("random",),
    ]


def test_a_student_of_no_numbers_is_never_preferred(known: Trained) -> None:
    weights = {name: array.copy() for name, array in known.teacher.weights.items()}
    weights["fc.bias"][:] = np.nan
    broken = replace(known.teacher, weights=weights)
    tried = attempts(known.data, broken, known.edits.to_json(), 0)
    assert all(each.accuracy == 0 for each in tried)


@pytest.mark.parametrize("make", [*MAKERS.values()], ids=[*MAKERS])
def test_every_kind_of_network_inherits(make: Callable[[], nn.Module]) -> None:
    teacher, data = _untrained(make())
    space = Space(networks.Architecture.from_json(teacher.architecture))
    widths = {group.name: max(1, group.units // 2) for group in space.groups}
    found = inherited_student(data, teacher, Edits((), widths, ()).to_json(), 0)
    x = data.preprocessing.apply(as_tensor(data.train.images[:4]))
    assert found.module(x).shape == (4, 3)
    assert 0 <= found.accuracy_before_training <= 1


def test_the_channels_of_a_skip_are_those_of_both_its_ends() -> None:
    teacher, data = _untrained(Residual(norm=True))
    edits = Edits((), {"stem": 2}, ()).to_json()
    for attempt in attempts(data, teacher, edits, 0):
        for name in ("stem.weight", "conv.weight", "norm2.bias"):
            assert len(attempt.weights[name]) == 2
        whole = {name: as_tensor(array) for name, array in teacher.weights.items()}
        kept = [
            int((whole["stem.bias"] == bias).nonzero()) for bias in attempt.weights["stem.bias"]
        ]
        assert torch.equal(attempt.weights["conv.bias"], whole["conv.bias"][kept])


def test_in_bf16_and_channels_last_it_is_plain_again_afterwards(known: Trained) -> None:
    fast = replace(known.teacher, precision=Precision("bfloat16", "channels_last"))
    found = inherited_student(known.data, fast, known.edits.to_json(), 5)
    for value in _weights(found.module).values():
        assert value.dtype == torch.float32
    for parameter in found.module.parameters():
        assert parameter.is_contiguous()
    assert batch_norms(found.module)


def _untrained(module: nn.Module) -> tuple[Teacher, TrainingData]:
    """A teacher with random weights, and images of three colours and three classes for it."""
    torch.manual_seed(0)
    traced = networks.trace(module, torch.randn(2, 3, 8, 8))
    arrays = {name: tensor.numpy() for name, tensor in traced.weights.items()}
    teacher = Teacher(traced.architecture.to_json(), arrays, Precision())
    images = two_digits(60).images.repeat(3, axis=1)
    labels = np.arange(len(images)) % 3
    part = Labelled(images, labels)
    return teacher, TrainingData(part, part, Preprocessing.of(images, 16.0, (8, 8)))
