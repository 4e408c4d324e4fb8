import multiprocessing
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import networks
from networks import Traced
from tests.workers.epochs import epochs_run
from tests.workers.killed import teach_until_killed
from tests.workers.samples import training_data, two_digits
from workers.augmentation import shifted
from workers.batches import steps_an_epoch
from workers.checkpoints import CheckpointPlace
from workers.data import Labelled, TrainingData
from workers.measuring import as_tensor, logits_of, measure
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.problems import UnfitNetwork
from workers.teacher import (
    Teacher,
    TrainedTeacher,
    batch_norm_scales,
    guessing_accuracy,
    size_for,
    teacher_logits,
    train_teacher,
    untrained_teacher,
    weights_arrays,
    weights_bytes,
)
from workers.views import view_shifts


@pytest.fixture(scope="module")
def traced(data: TrainingData) -> Traced:
    return untrained_teacher("zoo/resnet20", 2, data.preprocessing, 0)


def _arrays(traced: Traced) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.generic]]"]:
    return {name: tensor.numpy() for name, tensor in traced.weights.items()}


def test_the_teacher_learns_and_its_accuracy_is_that_of_its_weights(
    data: TrainingData, traced: Traced
) -> None:
    trained = train_teacher(data, traced.architecture.to_json(), _arrays(traced), 4, 0)
    assert trained.accuracy > 0.9
    teacher = Teacher(
        traced.architecture.to_json(), weights_arrays(trained.weights), trained.precision
    )
    assert measure(teacher.module(), data.validation, data.preprocessing) == trained.accuracy
    assert trained.precision.step_ms


def test_batch_norm_scales_shrink_by_their_penalty(data: TrainingData, traced: Traced) -> None:
    module = networks.build(traced.architecture, traced.weights)
    scales = batch_norm_scales(module)
    assert len(scales) == 21
    assert all(scale.shape == (len(scale),) and bool((scale == 1).all()) for scale in scales)
    means = []
    for gamma_l1 in (0.0, 0.1):
        architecture = traced.architecture.to_json()
        trained = train_teacher(data, architecture, _arrays(traced), 4, 0, gamma_l1)
        module = Teacher(architecture, weights_arrays(trained.weights), trained.precision).module()
        means.append(torch.cat(batch_norm_scales(module)).abs().mean().item())
    assert means[1] < means[0] - 0.05


def test_the_threads_that_the_teacher_trained_with_are_recorded(
    data: TrainingData, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [torch.get_num_threads() + 1]
    monkeypatch.setattr("workers.teacher.choose_threads", lambda *_: chosen[0])
    try:
        trained = train_teacher(data, traced.architecture.to_json(), _arrays(traced), 1, 0)
        assert torch.get_num_threads() == chosen[0]
    finally:
        torch.set_num_threads(1)
    assert trained.precision.to_json()["teacher_threads"] == chosen[0]


def test_the_untrained_teacher_is_drawn_by_its_seed(data: TrainingData, traced: Traced) -> None:
    again = untrained_teacher("zoo/resnet20", 2, data.preprocessing, 0)
    other = untrained_teacher("zoo/resnet20", 2, data.preprocessing, 1)
    assert again.architecture.hash == traced.architecture.hash
    same, different = (
        all(torch.equal(x.weights[k], traced.weights[k]) for k in traced.weights)
        for x in (again, other)
    )
    assert same
    assert not different


EPOCHS = 4
FAST = Precision("bfloat16", "channels_last", teacher_threads=1)


def test_a_teacher_killed_within_an_epoch_ends_as_an_undisturbed_one_bit_by_bit(
    data: TrainingData, traced: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = CheckpointPlace(f"file://{tmp_path}", "jobs/job_1/checkpoints/teacher", "recipe")
    first = Teacher(traced.architecture.to_json(), _arrays(traced), Precision())
    steps = 2 * steps_an_epoch(len(data.train)) + 2
    process = multiprocessing.get_context("spawn").Process(
        target=teach_until_killed, args=(data, first, EPOCHS, FAST, place, steps)
    )
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL

    def teach(recipe: str | None) -> tuple[TrainedTeacher, list[int]]:
        there = None if recipe is None else replace(place, recipe=recipe)
        with monkeypatch.context() as patch:
            numbers = epochs_run(patch)
            trained = train_teacher(
                data, first.architecture, first.weights, EPOCHS, 0, checkpoints=there
            )
        return trained, numbers

    # Another precision would be chosen now: what was begun ends in its own.
    monkeypatch.setattr("workers.teacher._fastest", lambda *_: Precision())
    resumed, numbers = teach("recipe")
    assert (numbers, resumed.precision) == ([3, 4], replace(FAST, step_ms={}))
    other, numbers = teach("another recipe")
    assert (numbers, other.precision) == ([1, 2, 3, 4], Precision())
    monkeypatch.setattr("workers.teacher._fastest", lambda *_: FAST)
    undisturbed, _ = teach(None)
    assert resumed.weights == undisturbed.weights != other.weights
    assert resumed.accuracy == undisturbed.accuracy


def _colour(data: TrainingData) -> tuple[TrainingData, Traced]:
    """The digits in three channels, and an untrained network for them."""
    train = Labelled(data.train.images.repeat(3, axis=1), data.train.labels)
    preprocessing = Preprocessing.of(train.images, 16.0, data.preprocessing.size)
    colour = TrainingData(train, train, preprocessing)
    return colour, untrained_teacher("zoo/resnet20", 2, preprocessing, 0)


def test_images_that_are_not_augmented_have_one_view_of_exact_logits(
    data: TrainingData, traced: Traced
) -> None:
    teacher = Teacher(traced.architecture.to_json(), _arrays(traced), Precision("bfloat16"))
    logits = teacher_logits(data, teacher, 7)
    assert logits is not None
    assert logits.dtype == np.float32
    x = data.preprocessing.apply(as_tensor(data.train.images))
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(logits), teacher.module()(x)[None])
    assert replace(teacher, logits=logits).views == 1


@pytest.mark.parametrize("precision", [Precision(), Precision("bfloat16", "channels_last")])
def test_logits_of_augmented_images_are_those_of_their_views(
    precision: Precision, data: TrainingData
) -> None:
    colour, traced = _colour(data)
    teacher = Teacher(traced.architecture.to_json(), _arrays(traced), precision)
    logits = teacher_logits(colour, teacher, 2)
    assert logits is not None
    assert logits.dtype == np.float16
    raw, module = as_tensor(colour.train.images), teacher.module()
    for view, found in enumerate(torch.from_numpy(logits).float()):
        shifts = view_shifts(view, len(raw), (8, 8))
        with torch.no_grad():
            expected = module(colour.preprocessing.apply(shifted(raw, shifts)))
        error = (found - expected).abs().max() / expected.abs().max()
        assert error < (1e-3 if precision.dtype == "float32" else 3e-2)
    assert replace(teacher, logits=logits).views == 2
    assert teacher.views is None


def test_logits_that_float16_cannot_hold_are_not_kept(data: TrainingData) -> None:
    colour, traced = _colour(data)
    arrays = _arrays(traced)
    bias = next(name for name, array in arrays.items() if array.shape == (2,))
    teacher = Teacher(
        traced.architecture.to_json(), arrays | {bias: np.full(2, 1e5, np.float32)}, Precision()
    )
    assert teacher_logits(colour, teacher, 1) is None
    assert teacher_logits(colour, replace(teacher, weights=arrays), 1) is not None


def test_views_are_kept_for_whoever_asks_again(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.checkpoints.LEAST_S", 0.0)
    colour, traced = _colour(data)
    teacher = Teacher(traced.architecture.to_json(), _arrays(traced), Precision("bfloat16"))
    place = CheckpointPlace(f"file://{tmp_path}", "jobs/job_1/checkpoints/view", "recipe")
    logits = teacher_logits(colour, teacher, 3, place)
    monkeypatch.setattr("workers.teacher._view_logits", lambda *_: pytest.fail("asked again"))
    again = teacher_logits(colour, teacher, 3, place)
    assert logits is not None
    assert again is not None
    assert again.dtype == logits.dtype
    assert np.array_equal(again, logits)


def test_without_views_no_logits_are_known(data: TrainingData) -> None:
    colour, traced = _colour(data)
    teacher = Teacher(traced.architecture.to_json(), _arrays(traced), Precision())
    assert teacher_logits(colour, teacher, None) is None
    assert teacher_logits(data, teacher, None) is None


def test_smoothed_labels_make_a_teacher_less_sure(
    data: TrainingData, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.teacher._fastest", lambda *_: Precision())
    surest = []
    for smoothing in (0.0, 0.4):
        trained = train_teacher(
            data, traced.architecture.to_json(), _arrays(traced), 6, 0, label_smoothing=smoothing
        )
        teacher = Teacher(
            traced.architecture.to_json(), weights_arrays(trained.weights), Precision()
        )
        logits = logits_of(teacher.module(), data.train, data.preprocessing)
        surest.append(logits.softmax(dim=1).amax(dim=1).median().item())
    assert surest[1] < surest[0] - 0.1


def test_small_images_are_enlarged_only_for_networks_that_need_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(networks, "input_size", lambda _, size: max(size, 32))
    assert size_for("any", (8, 8)) == (32, 32)
    assert size_for("any", (8, 40)) == (40, 40)
    assert size_for("any", (33, 40)) == (33, 40)


def test_an_unknown_network_is_named() -> None:
    with pytest.raises(UnfitNetwork, match="zoo/nothing") as caught:
        size_for("zoo/nothing", (8, 8))
    assert caught.value.errors[0].pointer == "#/teacher/network"
    with pytest.raises(UnfitNetwork, match="zoo/nothing"):
        untrained_teacher("zoo/nothing", 2, Preprocessing(1.0, (0.0,), (1.0,), (8, 8), (8, 8)), 0)


@pytest.mark.parametrize(
    ("counts", "expected"), [([50, 50], 0.6), ([90, 10], 0.96), ([25, 25, 25, 25], 0.3366)]
)
def test_guessing_is_the_commonest_class_and_two_standard_errors(
    counts: list[int], expected: float
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    assert guessing_accuracy(labels) == pytest.approx(expected, abs=1e-4)


def test_weights_go_through_bytes() -> None:
    dataset = training_data(two_digits(40))
    traced = untrained_teacher("zoo/resnet20", 2, dataset.preprocessing, 3)
    module = networks.build(traced.architecture, traced.weights)
    read = weights_arrays(weights_bytes(module))
    assert read.keys() == traced.weights.keys()
    assert all(np.array_equal(read[k], traced.weights[k].numpy()) for k in read)
