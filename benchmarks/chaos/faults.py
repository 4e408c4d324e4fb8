"""The faults that a run gives, drawn from its seed before anything starts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

# SIGKILL ends what it names; SIGSTOP holds it for longer than a lease, then SIGCONT lets it go on.
CLOCK = ("clock jumps", "clock back, coordinator killed")
ANY_DATABASE = (
    "coordinator killed",
    "coordinator stopped",
    "worker killed",
    "worker stopped",
    "node killed",
    "node stopped",
    "api killed",
    "api stopped",
    "disk full",
    "database refuses",
    *CLOCK,
)
POSTGRESQL = ("database killed", "database stopped")

_PAUSE_S = (0.5, 5.0)  # between the recovery from one fault and the next
_LEASES = (1.25, 2.5)  # how long what passes lasts


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        number: counts from 0.
        kind: of `ANY_DATABASE` or `POSTGRESQL`.
        after_s: how long after the job went on from the last fault.
        lasts_s: how long it lasts, where it is one that passes.
        choice: from 0 to 1; which of several processes it meets.
    """

    number: int
    kind: str
    after_s: float
    lasts_s: float
    choice: float


def draw_faults(kinds: Sequence[str], count: int, seed: int, lease_s: float) -> list[Fault]:
    """Returns that many faults, every kind as often as any other (or once more)."""
    draws = random.Random(seed)
    dealt = [kinds[n % len(kinds)] for n in range(count)]
    draws.shuffle(dealt)
    return [
        Fault(
            number,
            kind,
            draws.uniform(*_PAUSE_S),
            lease_s * draws.uniform(*_LEASES),
            draws.random(),
        )
        for number, kind in enumerate(dealt)
    ]
