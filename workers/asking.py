"""How many trials to ask the proposer for now: ahead of need, and a few at a time."""

from __future__ import annotations

from app.requests import SearchRequest

WORKERS_A_WAITING_TRIAL = 16  # a search with fewer workers knows all that has ended when it asks
MOST_AT_ONCE = 8  # a free worker waits for no more proposals than these: each may take a second


def waiting_trials(search: SearchRequest) -> int:
    """Returns how many trials wait to be sent while all workers of a search are busy.

    A free worker gets one of them, and its successor is proposed while it works. Those proposals
    know fewer ended trials: by a sixteenth of the workers at most. Under a limit of time none
    waits: it might not be started any more.
    """
    return 0 if search.max_wall_s is not None else search.parallel // WORKERS_A_WAITING_TRIAL


def wanted_trials(missing: int, room: int, waiting: int) -> int:
    """Returns how many trials to ask for now.

    Args:
        missing: how many have not been asked for yet.
        room: how many workers have none.
        waiting: how many trials are to wait beside those, less those that do; may be negative.
    """
    return max(min(missing, room + waiting, MOST_AT_ONCE), 0)
