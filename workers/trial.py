"""One trial: a student is built, inherits the teacher's weights, is distilled and measured."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from workers.checkpoints import Checkpoint, CheckpointFile, CheckpointPlace, owner_of
from workers.data import TrainingData
from workers.distillation import Distillation, distillation_loss
from workers.inheriting import inherited_student
from workers.measuring import measure
from workers.precision import Precision
from workers.stopping import Stopping
from workers.student import student_module
from workers.teacher import Teacher, weights_bytes
from workers.training import Recipe, Training

log = logging.getLogger(__name__)

# Peak rates. In a few epochs inherited weights suffer from more than the first (measured on digits
# and CIFAR-10: 0.1 costs a mean of 1 to 2 points); a long training gains from the second (digits).
SEARCH_RATE = 0.03
FINAL_RATE = 0.1


@dataclass(frozen=True)
class TrialSpec:
    """What is to be trained, and how long.

    Attributes:
        edits: JSON of the edits that make the student.
        epochs: passes over the training split.
        seed: of everything drawn.
        distillation: the loss.
        weights: safetensors to go on from; None inherits from the teacher.
        stopping: by what it is stopped before its last epoch; None: never.
        checkpoints: where it is kept on the way; None: nowhere.
    """

    edits: Mapping[str, Any]
    epochs: int
    seed: int
    distillation: Distillation
    weights: bytes | None = None
    stopping: Stopping | None = None
    checkpoints: CheckpointPlace | None = None

    def owner(self) -> str:
        """Returns what tells this training from all others that the same place may be given."""
        parts: list[object] = [self.edits, self.epochs, self.seed, asdict(self.distillation)]
        parts.append(None if self.weights is None else hashlib.sha256(self.weights).hexdigest())
        parts.append(None if self.checkpoints is None else self.checkpoints.recipe)
        return owner_of(parts)


@dataclass(frozen=True)
class TrialOutcome:
    """What became of a student.

    Attributes:
        weights: safetensors; empty of one that was stopped.
        accuracy: on validation in float32; of one that was stopped what it would have come to.
        epochs: for which it was trained.
        duration_s: seconds of work, those before an interruption among them.
        curve: accuracy on validation after each epoch, the last one in float32.
        criterion: by which its first weights were inherited, where there was one.
        stopped: whether it was hopeless and not trained on.
        resumed_after: epochs that an earlier attempt had kept, after which this one began.
    """

    weights: bytes
    accuracy: float
    epochs: int
    duration_s: float
    curve: tuple[float, ...]
    criterion: str | None = None
    stopped: bool = False
    resumed_after: int = 0


def run_trial(data: TrainingData, teacher: Teacher, spec: TrialSpec) -> TrialOutcome:
    """Trains and measures one student, from its checkpoint on if there is one.

    One that is trained on from weights keeps them where training made it no more accurate.

    Raises:
        Diverged: its training ended in no numbers.
        NetworkError: the edits don't fit the teacher.
    """
    run = _begin(data, teacher, spec)
    while len(run.curve) < spec.epochs:
        run.train_epoch()
        expected = run.expected_if_hopeless()
        if expected is not None:
            return run.outcome(b"", expected, stopped=True)
        run.keep()
    accuracy = run.curve[-1]
    if spec.weights is not None and accuracy < run.before:
        return run.outcome(spec.weights, run.before)
    return run.outcome(weights_bytes(run.student), accuracy)


def _begin(data: TrainingData, teacher: Teacher, spec: TrialSpec) -> _Run:
    """Returns the trial at its checkpoint, if there is one that can be used, or at its start."""
    if spec.checkpoints is None:
        return _Run(data, teacher, spec, None, None)
    file = CheckpointFile(spec.checkpoints, spec.owner())
    found = file.read()
    if found is not None:
        try:
            return _Run(data, teacher, spec, file, found)
        except ValueError as error:
            log.warning("%s is not gone on from: %s", spec.checkpoints.key, error)
    return _Run(data, teacher, spec, file, None)


class _Run:
    """One trial under way on a worker.

    Attributes:
        before: accuracy of the weights that it was given, if it was; else 0.
        curve: accuracy after each epoch that is done.
    """

    def __init__(
        self,
        data: TrainingData,
        teacher: Teacher,
        spec: TrialSpec,
        file: CheckpointFile | None,
        found: Checkpoint | None,
    ) -> None:
        """Begins at the start, or where a checkpoint was `found`.

        Raises:
            ValueError: the checkpoint is of another network.
        """
        self._started, self._spent_s = time.monotonic(), 0.0
        self._data, self._spec, self._file = data, spec, file
        self._precision = teacher.precision
        self._criterion: str | None = None
        if spec.weights is None and found is None:
            inherited = inherited_student(data, teacher, spec.edits, spec.seed)
            module, self._criterion = inherited.module, inherited.criterion
        else:
            module = student_module(teacher, spec.edits, spec.weights)
        self.before = 0.0 if spec.weights is None else self._measure(module)
        self._training = Training(
            module, data, _recipe(teacher, spec), distillation_loss(teacher, spec.distillation)
        )
        self.curve: list[float] = []
        self._resumed_after = 0 if found is None else found.epoch
        if found is not None:
            self._training.load_state(found.epoch, found.tensors)
            self.curve, self._criterion = list(found.note["curve"]), found.note["criterion"]
            self._spent_s = found.note["duration_s"]

    @property
    def student(self) -> nn.Module:
        """What the training has made so far."""
        return self._training.trained

    def train_epoch(self) -> None:
        """Trains for an epoch and measures what has become of the student."""
        self._training.run_epoch()
        if self._training.epoch == self._spec.epochs:
            self.curve.append(self._measure(Precision().place(self.student)))
            return
        # What is on the way is measured as fast as it is trained: float32 takes twice as long.
        with self._precision.autocast():
            self.curve.append(self._measure(self.student))

    def expected_if_hopeless(self) -> float | None:
        """Returns the accuracy it would come to, if it has no hope and epochs are left."""
        if self._spec.stopping is None or len(self.curve) == self._spec.epochs:
            return None
        return self._spec.stopping.hopeless(self.curve)

    def keep(self) -> None:
        """Stores a checkpoint, if it is due and epochs are left."""
        if self._file is not None and len(self.curve) < self._spec.epochs:
            self._file.keep(self._checkpoint)

    def outcome(self, weights: bytes, accuracy: float, *, stopped: bool = False) -> TrialOutcome:
        """Returns how the trial ended."""
        return TrialOutcome(
            weights=weights,
            accuracy=accuracy,
            epochs=len(self.curve),
            duration_s=self._duration_s(),
            curve=tuple(self.curve),
            criterion=self._criterion,
            stopped=stopped,
            resumed_after=self._resumed_after,
        )

    def _checkpoint(self) -> Checkpoint:
        note = {
            "curve": self.curve,
            "duration_s": self._duration_s(),
            "criterion": self._criterion,
        }
        return Checkpoint(self._training.epoch, note, self._training.state())

    def _measure(self, module: nn.Module) -> float:
        return measure(module, self._data.validation, self._data.preprocessing)

    def _duration_s(self) -> float:
        return self._spent_s + time.monotonic() - self._started


def _recipe(teacher: Teacher, spec: TrialSpec) -> Recipe:
    return Recipe(
        epochs=spec.epochs,
        peak_rate=SEARCH_RATE if spec.weights is None else FINAL_RATE,
        seed=spec.seed,
        precision=teacher.precision,
        views=None if teacher.logits is None else len(teacher.logits),
        ema=spec.distillation.ema,
    )
