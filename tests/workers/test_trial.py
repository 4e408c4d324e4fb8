from dataclasses import replace

import pytest
import torch

from tests.workers.samples import training_data, two_digits
from tests.workers.trained import Trained
from workers.distillation import Distillation
from workers.measuring import measure
from workers.precision import Precision
from workers.student import student_module
from workers.teacher import Teacher, untrained_teacher
from workers.training import Diverged
from workers.trial import TrialSpec, run_trial

MSE = Distillation("mse", 4.0)


def _spec(trained: Trained, epochs: int = 2, weights: bytes | None = None) -> TrialSpec:
    return TrialSpec(trained.edits.to_json(), epochs, 5, MSE, weights)


def test_a_student_learns_and_its_accuracy_is_that_of_its_weights(trained: Trained) -> None:
    outcome = run_trial(trained.data, trained.teacher, _spec(trained, epochs=8))
    assert outcome.accuracy > 0.8
    assert outcome.epochs == 8
    module = student_module(trained.teacher, trained.edits.to_json(), outcome.weights)
    data = trained.data
    assert measure(module, data.validation, data.preprocessing) == outcome.accuracy


def test_one_spec_gives_one_outcome(trained: Trained) -> None:
    first, again = (run_trial(trained.data, trained.teacher, _spec(trained)) for _ in range(2))
    other = run_trial(trained.data, trained.teacher, replace(_spec(trained), seed=6))
    assert first.weights == again.weights
    assert first.weights != other.weights


def test_a_student_goes_on_from_given_weights(trained: Trained) -> None:
    outcome = run_trial(trained.data, trained.teacher, _spec(trained, epochs=1))
    module = student_module(trained.teacher, trained.edits.to_json(), outcome.weights)
    inherited = student_module(trained.teacher, trained.edits.to_json(), None)
    on = run_trial(trained.data, trained.teacher, _spec(trained, 16, outcome.weights))
    name = next(iter(dict(module.named_parameters())))
    assert not torch.equal(module.get_parameter(name), inherited.get_parameter(name))
    assert on.weights != outcome.weights
    assert on.accuracy > outcome.accuracy


def test_a_student_that_training_on_makes_worse_stays_as_it_was(trained: Trained) -> None:
    good = run_trial(trained.data, trained.teacher, _spec(trained, epochs=8))
    assert trained.teacher.logits is not None
    misled = replace(trained.teacher, logits=-trained.teacher.logits)
    on = run_trial(trained.data, misled, _spec(trained, 8, good.weights))
    assert (on.weights, on.accuracy) == (good.weights, good.accuracy)


def test_a_trial_that_diverges_says_so(trained: Trained) -> None:
    assert trained.teacher.logits is not None
    broken = replace(trained.teacher, logits=trained.teacher.logits * float("nan"))
    with pytest.raises(Diverged, match="epoch 1: the loss is nan"):
        run_trial(trained.data, broken, _spec(trained))


def test_colour_images_are_augmented_and_taught_batch_by_batch(trained: Trained) -> None:
    dataset = two_digits()
    data = training_data(replace(dataset, images=dataset.images.repeat(3, axis=1)))
    traced = untrained_teacher("zoo/resnet20", 2, data.preprocessing, 0)
    arrays = {name: tensor.numpy() for name, tensor in traced.weights.items()}
    fast = Precision("bfloat16", "channels_last")
    teacher = Teacher(traced.architecture.to_json(), arrays, fast)
    outcome = run_trial(data, teacher, replace(_spec(trained), epochs=1))
    assert 0 <= outcome.accuracy <= 1
    assert outcome.duration_s > 0
