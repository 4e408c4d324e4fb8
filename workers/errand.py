"""One errand in a coordinator's hands: its lease, its folder, and its child process."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import ErrandLease
from app.problems import LeaseLost
from app.settings import Settings
from workers.child import ChildLimits, run_child
from workers.work import Stopping

_MOST_GROWTH = 2  # of a file that is written anew: 16-bit numbers become 32-bit ones
_SPARE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Errand:
    """What an errand is done with.

    Attributes:
        folder: where its files are until it is done.
        lost: set when the lease is lost.
        stop: set when the coordinator is to end.
    """

    lease: ErrandLease
    database: Database
    artifacts: Artifacts
    settings: Settings
    folder: Path
    lost: threading.Event
    stop: threading.Event

    def run(
        self, module: str, document: Mapping[str, Any], most_s: float = math.inf
    ) -> dict[str, Any]:
        """Returns what the module makes of the document, in a child process within the limits.

        Args:
            module: such as `workers.teacher_check`.
            document: JSON.
            most_s: how long it may take, where that is less than the settings allow.

        Raises:
            ChildFailed: there is no answer; says why.
            LeaseLost: another coordinator may hold the errand.
            Stopping: this coordinator is to end.
        """
        settings = self.settings
        limits = ChildLimits(
            memory_bytes=settings.check_memory_bytes,
            seconds=min(settings.check_s, most_s),
            file_bytes=_MOST_GROWTH * settings.max_teacher_bytes + _SPARE_BYTES,
        )
        return run_child(module, document, limits, self.folder, self.check)

    def check(self) -> None:
        """Goes on, unless there is a reason not to; raises `LeaseLost` or `Stopping`."""
        if self.lost.is_set():
            raise LeaseLost(f"{self.lease.id} is not held any more")
        if self.stop.is_set():
            raise Stopping
