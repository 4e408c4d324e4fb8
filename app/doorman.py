"""Who may come in: keys are looked up in the database, and remembered for half a second."""

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from app.api_keys import Admitted, admit, digest, is_any_key, is_key, note_use
from app.database import Database
from app.problems import NoKey, WrongKey
from app.visitor import ANYBODY, Visitor

_log = logging.getLogger(__name__)

REMEMBERED_FOR_S = 0.5  # so that a revoked key opens nothing within a second
_MOST_REMEMBERED = 10_000


class Doorman:
    """Knows for a moment whom it let in; safe to share between threads.

    Args:
        database: where the keys are.
        is_open: whether anybody may come in until the first key is made.
        clock: monotonic seconds.
    """

    def __init__(
        self, database: Database, *, is_open: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._is_open = is_open
        self._clock = clock
        self._seen_open_at: float | None = None
        self._known: dict[str, tuple[float, Visitor]] = {}

    def recall(self, key: str | None, *, however_long_ago: bool = False) -> Visitor | None:
        """Returns whom `look_up` let in within the last half second; asks no database.

        Args:
            key: the visitor's.
            however_long_ago: whether it may be longer ago, for when the database can't be asked.
        """
        if self._is_open and self._is_fresh(self._seen_open_at, however_long_ago):
            return ANYBODY
        known = None if key is None else self._known.get(digest(key))
        is_known = known is not None and self._is_fresh(known[0], however_long_ago)
        return known[1] if known is not None and is_known else None

    def look_up(self, key: str | None) -> Visitor:
        """Returns whom a key lets in, as the database says.

        Raises:
            NoKey: there is none.
            WrongKey: it is unknown, revoked or expired.
        """
        now = self._clock()
        if self._is_open:
            with self._database.read() as session:
                self._is_open = not is_any_key(session)  # keys are never deleted
            if self._is_open:
                self._seen_open_at = now
                return ANYBODY
        if key is None:
            raise NoKey("send `Authorization: Bearer KEY`; `stillhouse keys create` makes a key")
        return self._admit(key, now)

    def _admit(self, key: str, now: float) -> Visitor:
        sha256 = digest(key)
        found = None
        if is_key(key):
            with self._database.read() as session:
                found = admit(session, sha256)
        if found is None:
            self._known.pop(sha256, None)
            raise WrongKey("the key is unknown, revoked or expired")
        self._note_use(found)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[sha256] = (now, found.visitor)
        return found.visitor

    def _note_use(self, found: Admitted) -> None:
        if not found.is_use_due or found.visitor.key_id is None:
            return
        try:
            with self._database.write() as session:
                note_use(session, found.visitor.key_id)
        except OperationalError:
            _log.warning("the use of %s can't be noted", found.visitor.key_id, exc_info=True)

    def _is_fresh(self, at: float | None, however_long_ago: bool) -> bool:
        return at is not None and (however_long_ago or self._clock() - at < REMEMBERED_FOR_S)
