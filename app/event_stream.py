"""Server-sent events of a job, to one who follows it.

What is sent next depends on what was sent before. So nothing is kept for a client that reads slowly
or not at all but some ten kilobytes that wait to be sent: when it reads on, it is told what is new
by then.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.events import News, news_of
from app.http_metrics import held
from app.jobs import require_job
from app.known import Known
from app.problems import StillhouseError
from app.services import Services

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE_S = 15.0
_COME_BACK_MS = 2000
_UNREAD_S = 60.0  # after which one who reads nothing is let go
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold events back


class EventStream(StreamingResponse):
    """The events of a job from where somebody stands until its end."""

    media_type = MEDIA_TYPE

    def __init__(
        self, services: Services, job_id: str, known: Known, owner: str | None = None
    ) -> None:
        super().__init__(_events(services, job_id, known, owner), headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, as one of those that are held."""
        with held(scope, "stream"):
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Sends the events; gives up on one who doesn't read them."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_UNREAD_S):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            return


def is_over(services: Services, job_id: str, known: Known) -> bool:
    """Returns whether the job has ended and all of it is known.

    Raises:
        NotFound: there is no such job.
    """
    if known == Known():
        with services.database.read() as session:
            require_job(session, job_id)
        return False
    news = news_of(services.database, job_id, known)
    return news.ended and not news.text


async def _read_news(services: Services, job_id: str, known: Known) -> News:
    return await run_sync(partial(news_of, services.database, job_id, known))


async def _events(
    services: Services, job_id: str, known: Known, owner: str | None
) -> AsyncIterator[bytes]:
    yield f"retry: {_COME_BACK_MS}\n\n".encode()
    try:
        async with services.watch.on(job_id, owner) as sight:
            while True:
                seen = sight.version
                make = partial(_read_news, services, job_id, known)
                news = await sight.share(str(known), make)
                known = news.known
                if news.text:
                    yield news.text
                if news.ended:
                    return
                while not news.more and not await sight.changed(seen, KEEP_ALIVE_S):
                    if sight.closed:
                        return
                    yield b": still here\n\n"
    except (StillhouseError, SQLAlchemyError):
        return  # the job was deleted, or the database is away: who comes back is told which
