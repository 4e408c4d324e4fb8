"""Errands: uploads are checked and estimates made beside the jobs, each in a child process."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import ErrandLease, Kind, claim_errand, release_errand
from app.log_context import while_about
from app.problems import LeaseLost
from app.settings import Settings
from workers.checking import check_teacher, give_up_check
from workers.child import ChildFailed
from workers.errand import Errand
from workers.estimating import give_up_estimate, make_estimate
from workers.lease_keeper import LeaseKeeper
from workers.surroundings import is_of_surroundings
from workers.work import Stopping

log = logging.getLogger(__name__)

POLL_S = 0.5  # longest time in which a new errand goes unnoticed
MOST_ATTEMPTS = 5  # an errand that ends whoever takes it up is given up
MOST_CLAIMS = 100  # and so is one that meets broken surroundings for hours
LONGEST_WAIT_S = 300.0  # before an errand that the surroundings ended is taken up again
_DO = {"teacher": check_teacher, "estimate": make_estimate}
_GIVE_UP = {"teacher": give_up_check, "estimate": give_up_estimate}


@dataclass
class Errands:
    """Takes errand after errand of one kind until it is stopped; several may, on one database.

    Each kind has its own: however many are asked for of one, the other gets done.

    Attributes:
        owner: a name that no other process has.
        kind: which errands it takes.
        stop: set it to have the errand under way released, and `run` return.
    """

    database: Database
    artifacts: Artifacts
    settings: Settings
    owner: str
    kind: Kind
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Takes errand after errand; one that the surroundings end is taken up again."""
        while not self.stop.is_set():
            try:
                busy = self.run_one()
            except Exception:
                log.exception("an errand was left")
                busy = False
            if not busy:
                self.stop.wait(POLL_S)

    def run_one(self) -> bool:
        """Claims an errand and brings it to an end on record; returns whether there was one."""
        lease_s = self.settings.lease_s
        lease = claim_errand(self.database, self.owner, lease_s, self.kind, alone=True)
        if lease is None:
            return False
        with while_about(errand_id=lease.id):
            self._hold(lease)
        return True

    def _hold(self, lease: ErrandLease) -> None:
        """Brings an errand to its end while its lease is kept."""
        log.info("%s: taken up, attempt %d", lease.id, lease.attempts)
        try:
            with LeaseKeeper(self.database, lease, self.settings.lease_s, lambda: None) as keeper:
                self._carry_out(lease, keeper.lost)
        except LeaseLost:
            log.warning("%s: left to whoever holds it now", lease.id)
        except Stopping:
            release_errand(self.database, lease)

    def _errand(self, lease: ErrandLease, folder: Path, lost: threading.Event) -> Errand:
        database, artifacts, settings = self.database, self.artifacts, self.settings
        return Errand(lease, database, artifacts, settings, folder, lost, self.stop)

    def _carry_out(self, lease: ErrandLease, lost: threading.Event) -> None:
        """Does the errand, or says on record why it can't be done."""
        home = self.settings.home / "errands"
        give_up = partial(_GIVE_UP[lease.kind], self._errand(lease, home, lost))
        if lease.attempts > MOST_ATTEMPTS:
            give_up("every process that took it up was ended")
            return
        if lease.fence > MOST_CLAIMS:
            give_up("each time, the storage or the database failed")
            return
        try:
            home.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=home, ignore_cleanup_errors=True) as folder:
                _DO[lease.kind](self._errand(lease, Path(folder), lost))
        except (LeaseLost, Stopping):
            raise
        except ChildFailed as error:
            give_up(str(error))
        except Exception as error:
            if is_of_surroundings(error):
                release_errand(self.database, lease, _wait_s(lease))
                raise
            log.exception("%s: a mistake of ours", lease.id)
            give_up(f"{type(error).__name__}: {error}")


def _wait_s(lease: ErrandLease) -> float:
    """Returns for how long others come first: twice as long with each claim that was released."""
    return min(2.0 ** min(lease.fence - lease.attempts, 10), LONGEST_WAIT_S)
