"""The training loop of teachers and students.

[Smith2018] Smith and Topin, "Super-Convergence": one cycle of the rate for a short training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from embedding import derive_seed
from workers.augmentation import augment
from workers.data import Labelled, TrainingData
from workers.measuring import as_tensor
from workers.precision import Precision

LARGEST_BATCH = 128
SMALLEST_BATCH = 32
MOST_THREADS = 8  # of one training: small networks gain nothing from more
STEPS_AN_EPOCH = 20  # a small dataset gets smaller batches, so that few epochs are enough steps

BatchLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Loss (scalar) of inputs `b x C x H x W`, logits `b x classes` and indices `b` in the split."""


class Diverged(Exception):
    """The loss or the gradient of a training is no number any more."""

    def __init__(self, epoch: int, cause: str) -> None:
        super().__init__(f"Training diverged in epoch {epoch}: {cause}.")
        self.epoch = epoch
        self.cause = cause


@dataclass(frozen=True)
class Recipe:
    """How one training goes.

    Attributes:
        epochs: passes over the training split.
        peak_rate: the highest learning rate of the cycle.
        seed: of the order of images, their augmentation, and dropout.
        precision: number type and layout.
        warm_share: share of the steps in which the rate rises.
        weight_decay: L2 penalty.
        clip_norm: largest norm of the gradient.
    """

    epochs: int
    peak_rate: float
    seed: int
    precision: Precision
    warm_share: float = 0.25
    momentum: float = 0.9
    weight_decay: float = 5e-4
    clip_norm: float = 5.0


def batch_size(n: int) -> int:
    """Returns the images a step for a training split of `n`: a power of two, 32 to 128."""
    fitting: int = 1 << math.floor(math.log2(max(n / STEPS_AN_EPOCH, 1)))
    return min(max(fitting, SMALLEST_BATCH), LARGEST_BATCH)


def is_augmented(data: Labelled) -> bool:
    """Whether training images are shifted and mirrored: colour alone (digits have no mirror)."""
    return bool(data.images.shape[1] == 3)


class Training:
    """A training in place by Nesterov SGD with one cycle of the rate [Smith2018], epoch by epoch.

    What an epoch does depends on the weights, the optimiser and the epoch's number alone: a
    training that goes on from its `state` ends as one that was never interrupted.

    Attributes:
        epoch: how many are done.
    """

    def __init__(
        self, module: nn.Module, data: TrainingData, recipe: Recipe, loss: BatchLoss
    ) -> None:
        self._module, self._data, self._recipe, self._loss = module, data, recipe, loss
        recipe.precision.place(module)
        self._optimizer = _optimizer(module, recipe)
        steps = recipe.epochs * steps_an_epoch(len(data.train))
        self._schedule = LambdaLR(
            self._optimizer, lambda step: rate_share(step, steps, recipe.warm_share)
        )
        self.epoch = 0

    def run_epoch(self) -> None:
        """Trains for one epoch.

        Raises:
            Diverged: the loss or the gradient became infinite or no number.
        """
        self.epoch += 1
        recipe = self._recipe
        torch.manual_seed(derive_seed(recipe.seed, "dropout", self.epoch))
        self._module.train()
        for images, index in _batches(self._data, recipe, self.epoch):
            with recipe.precision.autocast():
                logits = self._module(images)
            loss = self._loss(images, logits.float(), index)
            _step(self._module, self._optimizer, loss, recipe, self.epoch)
            self._schedule.step()


def train(module: nn.Module, data: TrainingData, recipe: Recipe, loss: BatchLoss) -> None:
    """Trains the module for all of the recipe's epochs.

    Raises:
        Diverged: as `Training.run_epoch`.
    """
    training = Training(module, data, recipe, loss)
    while training.epoch < recipe.epochs:
        training.run_epoch()


def steps_an_epoch(n: int) -> int:
    """Returns the batches of an epoch over `n` images; an incomplete last one is left out."""
    return max(n // batch_size(n), 1)


def _optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        module.parameters(),
        lr=recipe.peak_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
    )


def rate_share(step: int, steps: int, warm_share: float) -> float:
    """Returns the share of the peak rate at a step (from 0): up in a line, down in a cosine."""
    position = (step + 0.5) / steps
    if position < warm_share:
        return position / warm_share
    return 0.5 * (1 + math.cos(math.pi * (position - warm_share) / (1 - warm_share)))


def _batches(data: TrainingData, recipe: Recipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields an epoch's inputs `b x C x H x W` (float32, placed) and indices `b`, shuffled."""
    generator = torch.Generator().manual_seed(derive_seed(recipe.seed, "epoch", epoch))
    images = as_tensor(data.train.images)
    n, size = len(data.train), batch_size(len(data.train))
    order = torch.randperm(n, generator=generator)
    augmented = is_augmented(data.train)
    for step in range(steps_an_epoch(n)):
        index = order[step * size : (step + 1) * size]
        batch = images[index]
        if augmented:
            batch = augment(batch, generator)
        yield recipe.precision.place_images(data.preprocessing.apply(batch)), index


def _step(
    module: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor, recipe: Recipe, epoch: int
) -> None:
    """Takes one step down the gradient of the loss."""
    if not torch.isfinite(loss):
        raise Diverged(epoch, f"the loss is {loss.item()}")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(module.parameters(), recipe.clip_norm)
    if not torch.isfinite(norm):
        raise Diverged(epoch, f"the gradient's norm is {norm.item()}")
    optimizer.step()
