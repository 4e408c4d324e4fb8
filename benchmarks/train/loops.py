"""The three loops that are compared, each on one thread after another of the same process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.train.subjects import Subject
from workers.batches import batch_size
from workers.data import Labelled, TrainingData
from workers.distillation import Distillation, distillation_loss
from workers.measuring import as_tensor
from workers.precision import Precision
from workers.preprocessing import Preprocessing
from workers.training import Recipe, Training
from workers.trial import SEARCH_RATE

MANY_EPOCHS = 1_000  # of the schedules: more than are measured

Loop = Callable[[], int]
"""Trains for a while; returns the images that it went through."""


def bare_loop(subject: Subject, data: TrainingData, precision: Precision, steps: int) -> Loop:
    """Forward and backward passes over one preloaded batch and nothing else: the limit."""
    module = precision.place(subject.module()).train()
    size = batch_size(len(data.train))
    images = data.preprocessing.apply(as_tensor(data.train.images[:size]))
    batch = precision.place_images(images)

    def run() -> int:
        for _ in range(steps):
            module.zero_grad(set_to_none=True)
            with precision.autocast():
                logits = module(batch)
            logits.float().square().mean().backward()
        return steps * size

    return run


def trial_loop(subject: Subject, data: TrainingData, epochs: int) -> Loop:
    """A trial's training, with the teacher's logits looked up as in a job: one epoch a call."""
    module = subject.module()
    teacher = subject.teacher
    recipe = Recipe(epochs, SEARCH_RATE, 0, teacher.precision, views=teacher.views)
    loss = distillation_loss(teacher, Distillation("mse", 4.0))
    training = Training(module, data, recipe, loss)

    def run() -> int:
        before = training.epoch
        training.run_epoch()
        return (training.epoch - before) * _images_an_epoch(data)

    return run


def _images_an_epoch(data: TrainingData) -> int:
    n = len(data.train)
    return max(n // batch_size(n), 1) * min(batch_size(n), n)


class PlainImages(Dataset[tuple[Tensor, int]]):
    """Images one by one, through torchvision's transforms, as `torchvision.datasets` gives them."""

    def __init__(self, data: Labelled, preprocessing: Preprocessing) -> None:
        from torchvision import transforms

        self._images = data.images.transpose(0, 2, 3, 1)
        self._labels = data.labels
        self._transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(preprocessing.source_size, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(preprocessing.mean, preprocessing.std),
            ]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image: Tensor = self._transform(self._images[index])
        return image, int(self._labels[index])


def plain_loop(subject: Subject, data: TrainingData, steps: int) -> Loop:
    """What people write: float32, a `DataLoader`, the teacher's forward in every batch, SGD."""
    student, teacher = subject.module().train(), subject.teacher.module()
    size = batch_size(len(data.train))
    loader = DataLoader(
        PlainImages(data.train, data.preprocessing), size, shuffle=True, drop_last=True
    )
    optimizer = torch.optim.SGD(
        student.parameters(), lr=SEARCH_RATE, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, MANY_EPOCHS * len(loader))
    batches = _endless(loader)

    def run() -> int:
        for images, _ in itertools.islice(batches, steps):
            _plain_step(student, teacher, images, optimizer)
            schedule.step()
        return steps * size

    return run


def _endless(loader: DataLoader[tuple[Tensor, int]]) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from loader


def _plain_step(
    student: nn.Module, teacher: nn.Module, images: Tensor, optimizer: torch.optim.Optimizer
) -> None:
    with torch.no_grad():
        target = teacher(images)
    loss = functional.mse_loss(student(images), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
