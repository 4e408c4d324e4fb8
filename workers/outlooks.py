"""What a search's surrogate makes of it, put on record for people, off the search's path.

A look takes a second or so: it is made by a thread of its own, of a copy, so that no worker waits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from app.problems import LeaseLost
from app.records import Json, TrialRecord
from app.surrogate_body import MapBody, SurrogateBody
from app.surrogates import find_surrogate
from app.trials import list_trials
from embedding import EmbeddingProposer, Map, Outlook, Places, Proposer
from networks import Edits
from workers.known_trials import UNFINISHED
from workers.proposing import tell
from workers.work import Work

log = logging.getLogger(__name__)

EVERY_S = 3.0
# Of the time goes into looking, at the most.
SHARE = 0.05


class Outlooks:
    """Looks at one job's surrogate now and then; what goes wrong is logged and costs no job.

    Args:
        work: the job.
        clock: in seconds.
    """

    def __init__(self, work: Work, clock: Callable[[], float] = time.monotonic) -> None:
        self._work, self._clock = work, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outlook")
        self._under_way: Future[None] | None = None
        self._places: Places | None = None  # where trials were on the last map
        self._next = -EVERY_S
        self._seen: tuple[int, int] | None = None

    def look(self, proposer: Proposer, trials: Sequence[TrialRecord]) -> None:
        """Looks at what the proposer was told last, if there is anything new and it is time."""
        seen = len(trials), sum(trial.state in UNFINISHED for trial in trials)
        busy = self._under_way is not None and not self._under_way.done()
        if busy or seen == self._seen or self._clock() < self._next:
            return
        self._seen = seen
        self._send(proposer, trials)

    def look_back(self, proposer: Proposer, trials: Sequence[TrialRecord]) -> None:
        """Tells the proposer all trials, once the search has ended, and looks at that."""
        tell(proposer, trials)
        self._send(proposer, trials)

    def last(self, proposer: Proposer) -> None:
        """Looks once more, and returns when that is on record."""
        with self._work.database.read() as session:
            trials = list_trials(session, self._work.job.id)
        self._send(proposer, trials)
        if self._under_way is not None:
            self._under_way.result()
        self._thread.shutdown()

    def _send(self, proposer: Proposer, trials: Sequence[TrialRecord]) -> None:
        if not isinstance(proposer, EmbeddingProposer):
            return
        self._next = self._clock() + EVERY_S
        try:
            outlook = proposer.outlook()
        except Exception:
            log.warning("%s: nothing to look at", self._work.job.id, exc_info=True)
            return
        if outlook is not None:
            self._under_way = self._thread.submit(self._record, outlook, trials)

    def _record(self, outlook: Outlook, trials: Sequence[TrialRecord]) -> None:
        started = self._clock()
        try:
            self._work.writer.record_surrogate(self._made(outlook, trials))
        except LeaseLost:
            log.info("%s: left to whoever holds it now", self._work.job.id)
        except Exception:
            log.warning("%s: the surrogate is not shown", self._work.job.id, exc_info=True)
        ended = self._clock()
        self._next = ended + max(EVERY_S, (ended - started) / SHARE)

    def _made(self, outlook: Outlook, trials: Sequence[TrialRecord]) -> Json:
        """Returns what is put on record."""
        edits = {trial.number: Edits.from_json(trial.edits) for trial in trials}
        found = outlook.map(edits, self._last_places())
        if found is not None:
            self._places = found.places
        evaluations = self._work.job.request.search.evaluations
        expected = outlook.random_search(evaluations)
        return {
            "trials": outlook.trials,
            "random_search": [round(value, 5) for value in expected],
            "map": None if found is None else _map_json(found),
        }

    def _last_places(self) -> Places:
        """Returns where trials were on the last map, which an earlier coordinator may have made."""
        if self._places is None:
            self._places = {}
            with self._work.database.read() as session:
                record = find_surrogate(session, self._work.job.id)
            before = SurrogateBody.of(record).map
            if before is not None:
                self._places = _places(before)
        return self._places


def _places(map_body: MapBody) -> Places:
    return {point.number: (point.x, point.y) for point in map_body.points}


def _map_json(found: Map) -> Json:
    points = [
        {"number": number, "x": round(x, 4), "y": round(y, 4)}
        for number, (x, y) in sorted(found.places.items())
    ]
    return {"explained": [round(share, 4) for share in found.explained], "points": points}
