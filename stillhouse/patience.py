"""When a request that the server answered with "later" (429, 503) is sent again."""

from __future__ import annotations

import httpx

# Longer than a burst of requests takes to pass, or an upload to leave room for the next, as a rule.
PATIENCE_S = 60.0

_TOO_MANY, _UNAVAILABLE = 429, 503
_SHORTEST_S = 1.0  # whatever the server says, it is not asked without a pause


def again_after_s(answer: httpx.Response, left_s: float) -> float | None:
    """Returns after how long a request is to be sent again; None where its answer stands.

    A 429 has refused it before anything was done. A 503 may have come in the midst, so what changes
    something is repeated with an `Idempotency-Key` alone.

    Args:
        answer: Its `Retry-After` says when it is worth asking again.
        left_s: What asks for longer is told instead: a quota, say.
    """
    told = answer.headers.get("retry-after", "")
    if not _may_repeat(answer) or not (told.isascii() and told.isdigit()):
        return None
    wanted_s = max(float(told), _SHORTEST_S)
    return wanted_s if wanted_s <= left_s else None


def _may_repeat(answer: httpx.Response) -> bool:
    request = answer.request
    if answer.status_code == _TOO_MANY:
        return "wait" not in request.url.params  # who holds no answers can be asked without
    is_safe = request.method == "GET" or "idempotency-key" in request.headers
    return answer.status_code == _UNAVAILABLE and is_safe
