"""Answers to those who poll: at once, or held until something is new.

Who is held takes no thread and no database connection meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.http_metrics import held
from app.json_answer import tagged_answer
from app.visitor import Visitor
from app.watch import Watch

LONGEST_S = 60


async def polled_answer(
    request: Request,
    watch: Watch,
    key: str,
    wait_s: float,
    read: Callable[[], Awaitable[BaseModel]],
) -> Response:
    """Returns the body with its `ETag`; 304 if nothing is new within the time.

    Args:
        request: whose `If-None-Match` says what the asker has; without it nothing is waited for.
        watch: tells when there may be something new.
        key: the id of what is asked for.
        wait_s: how long the answer may be held.
        read: reads what is asked for.

    Raises:
        TooMany: as many wait as may, or as may of the asker's key.
    """
    answer = tagged_answer(request, await read())
    if answer.status_code != 304 or wait_s <= 0:
        return answer
    clock = asyncio.get_running_loop().time
    until = clock() + wait_s
    visitor: Visitor = request.state.visitor
    async with watch.on(key, visitor.key_id) as sight:
        with held(request.scope, "wait"):
            while answer.status_code == 304:
                seen = sight.version
                answer = tagged_answer(request, await read())
                if answer.status_code == 304 and not await sight.changed(seen, until - clock()):
                    break
    return answer
