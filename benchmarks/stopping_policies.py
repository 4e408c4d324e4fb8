"""Policies that stop trainings early, replayed on recorded learning curves, one trial at a time.

[Li2020] L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, M. Hardt, B. Recht, A. Talwalkar. A system
    for massively parallel hyperparameter tuning. MLSys 2020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.stopping_curves import Recorded
from workers.stopping import Stopping

ETA = 3  # of successive halving: one in three goes on

GoesOn = Callable[[Recorded, int], bool]
"""Whether a training goes on after so many epochs, which are not all."""


@dataclass(frozen=True)
class Replay:
    """What a policy did with students in one order.

    Attributes:
        total_s: seconds of all trainings.
        best: the best score of those that were trained to the end.
        best_s: seconds until that was known.
        epochs: that were trained in all.
    """

    total_s: float
    best: float
    best_s: float
    epochs: int


@dataclass
class Policy:
    """Trains all to the end.

    Attributes:
        completed: what was trained to the end so far, in that order.
    """

    completed: list[Recorded] = field(default_factory=list)

    def goes_on(self, student: Recorded, epochs: int) -> bool:  # noqa: ARG002
        """Returns whether a student is trained on after so many epochs."""
        return True


class ByCurves(Policy):
    """As a job's search decides."""

    def goes_on(self, student: Recorded, epochs: int) -> bool:
        """Returns whether the student may still beat the best one."""
        if not self.completed:
            return True
        best = max(known.worth * known.curve[-1] for known in self.completed)
        rule = Stopping(tuple(x.curve for x in self.completed), best / student.worth)
        return rule.hopeless(student.curve[:epochs]) is None


@dataclass
class Halving(Policy):
    """Asynchronous successive halving [Li2020]: rungs after 1, eta, eta^2 … epochs."""

    _rungs: dict[int, list[float]] = field(default_factory=dict)

    def goes_on(self, student: Recorded, epochs: int) -> bool:
        """Returns whether the student is among the best third of all that came so far."""
        if epochs != ETA ** round(math.log(epochs, ETA)):
            return True
        rung = self._rungs.setdefault(epochs, [])
        value = student.worth * student.curve[epochs - 1]
        rung.append(value)
        better = sum(other > value for other in rung)
        return better < math.ceil(len(rung) / ETA)


POLICIES: dict[str, Callable[[], Policy]] = {
    "none": Policy,
    "halving": Halving,
    "curves": ByCurves,
}


def replay(policy: Policy, students: Sequence[Recorded]) -> Replay:
    """Trains the students in their order as the policy has it."""
    spent_s, best, best_s, epochs = 0.0, 0.0, 0.0, 0
    for student in students:
        last = len(student.curve)
        done = next((e for e in range(1, last) if not policy.goes_on(student, e)), last)
        epochs += done
        spent_s += student.cpu_s * done / last
        if done < last:
            continue
        policy.completed.append(student)
        score = student.worth * student.curve[-1]
        if score > best:
            best, best_s = score, spent_s
    return Replay(spent_s, best, best_s, epochs)
