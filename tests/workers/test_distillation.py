from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from app.requests import TrainingRequest
from tests.workers.trained import Trained
from workers.batches import Batch
from workers.distillation import Distillation, distillation_loss
from workers.losses import logits_mse, softened_kl
from workers.measuring import as_tensor

MSE = Distillation("mse", 4.0)
INDEX = torch.tensor([4, 0, 9])


def _batch(trained: Trained, view: int | None = 0) -> Batch:
    train = trained.data.train
    images = trained.data.preprocessing.apply(as_tensor(train.images)[INDEX])
    return Batch(images, as_tensor(train.labels)[INDEX], INDEX, view)


@pytest.mark.parametrize(
    ("distillation", "expected"),
    [(MSE, logits_mse), (Distillation("kl", 3.0), lambda s, t: softened_kl(s, t, 3.0))],
)
def test_the_loss_is_against_the_teacher_s_logits_of_the_batch(
    distillation: Distillation, expected: object, trained: Trained
) -> None:
    batch, logits = _batch(trained), torch.randn(3, 2)
    with torch.no_grad():
        target = trained.teacher.module()(batch.images)
    known = distillation_loss(trained.teacher, distillation)(logits, batch)
    computed = distillation_loss(replace(trained.teacher, logits=None), distillation)
    assert callable(expected)
    torch.testing.assert_close(known, expected(logits, target))
    torch.testing.assert_close(computed(logits, replace(batch, view=None)), known)


def test_logits_are_looked_up_by_view_and_index(trained: Trained) -> None:
    logits = np.arange(3 * 20 * 2, dtype=np.float16).reshape(3, 20, 2)
    loss = distillation_loss(replace(trained.teacher, logits=logits), MSE)
    for view in range(3):
        exact = torch.from_numpy(logits[view][INDEX].astype(np.float32))
        assert loss(exact, _batch(trained, view)).item() == 0.0
        assert loss(exact + 2, _batch(trained, view)).item() == 4.0


def test_images_of_no_view_have_no_known_logits(trained: Trained) -> None:
    loss = distillation_loss(trained.teacher, MSE)
    with pytest.raises(ValueError, match="fixed views"):
        loss(torch.zeros(3, 2), _batch(trained, None))


def _cross_entropy_by_hand(logits: Tensor, labels: Tensor, smoothing: float) -> float:
    classes = logits.shape[1]
    wanted = functional.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return -float((wanted * logits.log_softmax(dim=1)).sum(dim=1).mean())


@pytest.mark.parametrize("share", [0.25, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("loss", [MSE, Distillation("kl", 2.0)])
def test_hard_labels_have_their_share(loss: Distillation, share: float, smoothing: float) -> None:
    student, teacher = torch.randn(5, 3), torch.randn(5, 3)
    labels = torch.tensor([0, 2, 1, 1, 0])
    mixed = replace(loss, hard_labels=share, label_smoothing=smoothing)
    hard = _cross_entropy_by_hand(student, labels, smoothing)
    expected = (1 - share) * float(loss(student, teacher, labels)) + share * hard
    assert float(mixed(student, teacher, labels)) == pytest.approx(expected, rel=1e-5)


def test_without_hard_labels_they_change_nothing() -> None:
    student, teacher, labels = torch.randn(5, 3), torch.randn(5, 3), torch.zeros(5).long()
    assert MSE(student, teacher, labels) == MSE(student, teacher, labels + 1)


def test_a_request_s_words_are_all_heard() -> None:
    asked = {
        "loss": "kl",
        "temperature": 2.0,
        "hard_labels": 0.3,
        "label_smoothing": 0.1,
        "ema": 0.9,
    }
    training = TrainingRequest.model_validate(asked)
    assert asdict(Distillation.of(training)) == asked
