"""How fast an API key may ask: a token bucket for each, in this process's memory."""

import time
from collections.abc import Callable

_BURST_S = 10.0  # a bucket holds what flows in meanwhile
_MOST_KEPT = 10_000


class Rates:
    """Buckets that fill by `per_s` tokens a second; each request takes one.

    Not to be shared between threads.

    Args:
        per_s: requests a second of one key in the long run; 0 for any.
        clock: monotonic seconds.
    """

    def __init__(self, per_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, key_id: str) -> float:
        """Takes a token and returns 0; or takes none and returns after how long there is one."""
        if not self._per_s:
            return 0.0
        full, now = self._per_s * _BURST_S, self._clock()
        tokens, at = self._buckets.get(key_id, (full, now))
        tokens = min(full, tokens + (now - at) * self._per_s)
        if tokens < 1.0:
            return (1.0 - tokens) / self._per_s
        if len(self._buckets) >= _MOST_KEPT:
            self._buckets.clear()
        self._buckets[key_id] = (tokens - 1.0, now)
        return 0.0
