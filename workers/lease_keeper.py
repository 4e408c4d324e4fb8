"""Keeps the lease of a job or an errand while it is worked on, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from app.database import Database
from app.errand_leases import ErrandLease, renew_errand
from app.leases import Lease, renew
from app.problems import LeaseLost
from workers.metrics import LEASES_LOST, RENEWALS_FAILED

log = logging.getLogger(__name__)

RENEWALS = 3  # in the time of one lease


class LeaseKeeper:
    """Renews a lease until it is closed; once the lease is lost, stops the work at once.

    The thread stands outside the training loop: a long proposal or a slow worker can't let the
    lease run out. If the database can't be reached for as long as it lasts, it counts as lost.

    Attributes:
        lost: set when the lease is lost.
    """

    def __init__(
        self,
        database: Database,
        lease: Lease | ErrandLease,
        lease_s: float,
        on_lost: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lost = threading.Event()
        self._database = database
        self._lease = lease
        self._lease_s = lease_s
        self._on_lost = on_lost
        self._clock = clock
        self._renewed = clock()
        self._closed = threading.Event()
        self._of = "errand" if isinstance(lease, ErrandLease) else "job"
        self._name = lease.id if isinstance(lease, ErrandLease) else lease.job_id
        told = copy_context()  # its lines of the log are about what ours are
        self._thread = threading.Thread(
            target=told.run, args=(self._run,), name=f"lease {self._name}", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()

    def renew_once(self) -> bool:
        """Renews the lease; returns whether it is still held."""
        now = self._clock()
        try:
            self._renew()
        except LeaseLost as error:
            return self._lose(error.detail)
        except SQLAlchemyError as error:
            RENEWALS_FAILED.labels(self._of).inc()
            log.warning("%s: the lease could not be renewed: %s", self._name, error)
            if self._clock() - self._renewed >= self._lease_s:
                return self._lose("the database did not answer for as long as the lease lasts")
            return True
        self._renewed = now
        return True

    def _renew(self) -> None:
        if isinstance(self._lease, ErrandLease):
            renew_errand(self._database, self._lease, self._lease_s)
        else:
            renew(self._database, self._lease, self._lease_s)

    def _lose(self, why: str) -> bool:
        LEASES_LOST.labels(self._of).inc()
        log.warning("%s: the lease is lost: %s", self._name, why)
        self.lost.set()
        self._on_lost()
        return False

    def _run(self) -> None:
        """Renews until closed or lost: whatever ends the thread otherwise loses the lease."""
        try:
            while not self._closed.wait(self._lease_s / RENEWALS):
                if not self.renew_once():
                    return
        except Exception as error:
            log.exception("%s: a mistake of ours", self._name)
            if not self.lost.is_set():
                self._lose(f"it can't be renewed: {type(error).__name__}: {error}")
