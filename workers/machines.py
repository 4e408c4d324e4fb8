"""What the machines of a Ray cluster have, and what a call needs of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ray


@dataclass(frozen=True)
class Needs:
    """What one machine must have for a call.

    Attributes:
        cpus: that it reserves.
        gpus: a fraction, or a whole number.
        memory_bytes: that it reserves; None: none.
    """

    cpus: int
    gpus: float = 0.0
    memory_bytes: int | None = None

    def __str__(self) -> str:
        """Names all that is needed, as a job's `resources` do."""
        return ", ".join(f"{name} {value:g}" for name, value in vars(self).items() if value)


def most_cpus(needs: Needs) -> int:
    """Returns how many CPUs the largest live machine has that has all else that is needed.

    Returns:
        0 if there is none. What is in use on a machine counts too.
    """
    found = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    fit = [machine for machine in found if _has(machine, needs)]
    return max((int(machine.get("CPU", 0)) for machine in fit), default=0)


def _has(machine: Mapping[str, float], needs: Needs) -> bool:
    """Returns whether a machine, by Ray's names, has the needed GPUs and memory."""
    memory_bytes = needs.memory_bytes or 0
    return machine.get("GPU", 0) >= needs.gpus and machine.get("memory", 0) >= memory_bytes
