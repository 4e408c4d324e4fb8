"""The training loop of teachers and students.

[Smith2018] Smith and Topin, "Super-Convergence": one cycle of the rate for a short training.
[Polyak1992] Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging".
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from embedding import derive_seed
from workers.batches import Batch, batches, steps_an_epoch
from workers.data import TrainingData
from workers.precision import Precision

MOST_THREADS = 8  # of one training: small networks gain nothing from more
CHECKED_STEPS = 20  # steps after which it is seen whether all were numbers: a GPU waits for that


BatchLoss = Callable[[Tensor, Batch], Tensor]
"""Loss (scalar) of logits `b x classes`, float32, and the batch that they are of."""


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
        views: how many fixed views of augmented images take turns; None draws afresh each epoch.
        ema: decay a step of the average of all weights that is the result [Polyak1992]; 0: the
            last weights are.
    """

    epochs: int
    peak_rate: float
    seed: int
    precision: Precision
    warm_share: float = 0.25
    momentum: float = 0.9
    weight_decay: float = 5e-4
    clip_norm: float = 5.0
    views: int | None = None
    ema: float = 0.0


class Training:
    """A training in place by Nesterov SGD with one cycle of the rate [Smith2018], epoch by epoch.

    What an epoch does depends on the weights, their average, the optimiser and the epoch's number
    alone: a training that goes on from its `state` ends as one that was never interrupted.

    Attributes:
        epoch: how many are done.
    """

    def __init__(
        self, module: nn.Module, data: TrainingData, recipe: Recipe, loss: BatchLoss
    ) -> None:
        self._module, self._data, self._recipe, self._loss = module, data, recipe, loss
        recipe.precision.place(module)
        self._ema: nn.Module | None = copy.deepcopy(module) if recipe.ema else None
        self._optimizer = _optimizer(module, recipe)
        self.epoch = 0

    @property
    def trained(self) -> nn.Module:
        """What the training makes: the module, or the average of its weights so far."""
        return self._module if self._ema is None else self._ema

    def run_epoch(self) -> None:
        """Trains for one epoch.

        Raises:
            Diverged: the loss or the gradient became infinite or no number.
        """
        self.epoch += 1
        recipe, an_epoch = self._recipe, steps_an_epoch(len(self._data.train))
        torch.manual_seed(derive_seed(recipe.seed, "dropout", self.epoch))
        self._module.train()
        check = _Check(self.epoch)
        for step, batch in enumerate(self._batches()):
            done = (self.epoch - 1) * an_epoch + step
            self._set_rate(done, recipe.epochs * an_epoch)
            with recipe.precision.autocast():
                logits = self._module(batch.images)
            check.step(*self._descend(self._loss(logits.float(), batch)))
            if self._ema is not None:
                _average(self._ema, self._module, min(recipe.ema, (1 + done) / (10 + done)))
        check.finish()

    def run(self, keep: Callable[[], None] = lambda: None) -> nn.Module:
        """Trains for all epochs that are left; calls `keep` after each but the last.

        Returns:
            `trained`.

        Raises:
            Diverged: as `run_epoch`.
        """
        while self.epoch < self._recipe.epochs:
            self.run_epoch()
            if self.epoch < self._recipe.epochs:
                keep()
        return self.trained

    def _batches(self) -> Iterator[Batch]:
        recipe = self._recipe
        seed = derive_seed(recipe.seed, "epoch", self.epoch)
        return batches(self._data, recipe.precision, seed, self.epoch, recipe.views)

    def _set_rate(self, step: int, steps: int) -> None:
        share = rate_share(step, steps, self._recipe.warm_share)
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.peak_rate * share

    def _descend(self, loss: Tensor) -> tuple[Tensor, Tensor]:
        """Takes one step down the gradient; returns the loss and the gradient's norm."""
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parameters = self._module.parameters()
        norm = nn.utils.clip_grad_norm_(parameters, self._recipe.clip_norm, foreach=True)
        self._optimizer.step()
        return loss.detach(), norm

    def state(self) -> dict[str, Tensor]:
        """Returns copies of all tensors that later epochs depend on: weights and momenta.

        Generators need none: an epoch's draws are seeded by its number.
        """
        parts = {"module": self._module.state_dict()}
        if self._ema is not None:
            parts["ema"] = self._ema.state_dict()
        for row, slots in self._optimizer.state_dict()["state"].items():
            parts[f"optimizer.{row}"] = {
                name: slot for name, slot in slots.items() if slot is not None
            }
        return {
            f"{part}.{name}": tensor.detach().cpu().contiguous().clone()
            for part, tensors in parts.items()
            for name, tensor in tensors.items()
        }

    def load_state(self, epoch: int, state: Mapping[str, Tensor]) -> None:
        """Goes on from a `state` after so many epochs.

        Raises:
            ValueError: it is of another network; nothing was changed.
        """
        weights = _part(state, "module.")
        own = self._module.state_dict()
        if {x: t.shape for x, t in weights.items()} != {x: t.shape for x, t in own.items()}:
            raise ValueError("the state is of another network")
        self._module.load_state_dict(weights)
        if self._ema is not None:
            self._ema.load_state_dict(_part(state, "ema."))
        trained = [x for group in self._optimizer.param_groups for x in group["params"]]
        for name, tensor in _part(state, "optimizer.").items():
            row, _, slot = name.partition(".")
            kept = torch.empty_like(trained[int(row)]).copy_(tensor)
            self._optimizer.state[trained[int(row)]][slot] = kept
        self.epoch = epoch


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Returns the tensors whose names begin with a prefix, without it."""
    found = {name: tensor for name, tensor in state.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def _optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        module.parameters(),
        lr=recipe.peak_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
        fused=True,
    )


def rate_share(step: int, steps: int, warm_share: float) -> float:
    """Returns the share of the peak rate at a step (from 0): up in a line, down in a cosine."""
    position = (step + 0.5) / steps
    if position < warm_share:
        return position / warm_share
    return 0.5 * (1 + math.cos(math.pi * (position - warm_share) / (1 - warm_share)))


class _Check:
    """Sees whether an epoch's losses and gradients are numbers, a few steps late."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._seen: list[Tensor] = []

    def step(self, loss: Tensor, norm: Tensor) -> None:
        self._seen += [loss, norm]
        if len(self._seen) >= 2 * CHECKED_STEPS:
            self.finish()

    def finish(self) -> None:
        """Raises `Diverged` with the first of all that is no finite number."""
        seen, self._seen = self._seen, []
        values = torch.stack(seen).tolist() if seen else []
        for row, value in enumerate(values):
            if not math.isfinite(value):
                what = "the gradient's norm" if row % 2 else "the loss"
                raise Diverged(self._epoch, f"{what} is {value}")


@torch.no_grad()
def _average(average: nn.Module, module: nn.Module, decay: float) -> None:
    """Moves all weights and statistics of the average towards the module's, in place."""
    theirs = dict(module.state_dict())
    pairs = [(own, theirs[name]) for name, own in average.state_dict().items()]
    moved = [(own, their) for own, their in pairs if own.is_floating_point()]
    torch._foreach_lerp_([own for own, _ in moved], [their for _, their in moved], 1 - decay)
    for own, their in pairs:
        if not own.is_floating_point():
            own.copy_(their)
