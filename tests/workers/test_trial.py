from dataclasses import replace

import pytest
import torch

from networks import Edits
from tests.workers.samples import training_data, two_digits
from tests.workers.trained import Trained
from workers.losses import logits_mse, softened_kl
from workers.measuring import as_tensor, measure
from workers.precision import Precision
from workers.teacher import Teacher, untrained_teacher
from workers.training import Diverged
from workers.trial import (
    Distillation,
    TrialSpec,
    distillation_loss,
    run_trial,
    student_architecture,
    student_module,
)

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
    on = run_trial(trained.data, trained.teacher, _spec(trained, 6, outcome.weights))
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


def test_the_unedited_student_inherits_the_whole_teacher(trained: Trained) -> None:
    edits = Edits(removed=(), widths={}, skips=()).to_json()
    student = student_module(trained.teacher, edits, None).eval()
    x = trained.data.preprocessing.apply(as_tensor(trained.data.validation.images))
    with torch.no_grad():
        torch.testing.assert_close(student(x), trained.teacher.module()(x))


def test_the_student_s_architecture_is_the_space_s(trained: Trained) -> None:
    architecture = student_architecture(trained.teacher, trained.edits.to_json())
    assert architecture.hash == trained.space.student(trained.edits).hash
    assert architecture.hash != trained.space.architecture.hash


def test_a_trial_that_diverges_says_so(trained: Trained) -> None:
    assert trained.teacher.logits is not None
    broken = replace(trained.teacher, logits=trained.teacher.logits * float("nan"))
    with pytest.raises(Diverged, match="epoch 1: the loss is nan"):
        run_trial(trained.data, broken, _spec(trained))


@pytest.mark.parametrize(
    ("distillation", "expected"),
    [(MSE, logits_mse), (Distillation("kl", 3.0), lambda s, t: softened_kl(s, t, 3.0))],
)
def test_the_loss_is_against_the_teacher_s_logits_of_the_batch(
    distillation: Distillation, expected: object, trained: Trained
) -> None:
    index = torch.tensor([4, 0, 9])
    x = trained.data.preprocessing.apply(as_tensor(trained.data.train.images)[index])
    logits = torch.randn(3, 2)
    with torch.no_grad():
        target = trained.teacher.module()(x)
    known = distillation_loss(trained.teacher, distillation)(x, logits, index)
    computed = distillation_loss(replace(trained.teacher, logits=None), distillation)
    assert callable(expected)
    torch.testing.assert_close(known, expected(logits, target))
    torch.testing.assert_close(computed(x, logits, index), expected(logits, target))


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
