"""One process of the API: uvicorn's server, as the settings want it."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from anyio.to_thread import run_sync
from starlette.types import ASGIApp

from app.api import create_app
from app.connection import Connection
from app.exit_code import FAILED
from app.garbage import keep_what_is_here
from app.services import Services
from app.settings import Settings
from app.tracing import start_tracing

GRACE_S = 10  # for answers under way when it is told to stop


def serve(services: Services, sockets: list[socket.socket] | None = None) -> int:
    """Serves until this process is told to stop; returns what it exits with.

    Args:
        services: what the routes work with.
        sockets: which listen; without any, the address that the settings name is listened at.
    """
    stop_tracing = start_tracing("stillhouse-api")
    config = configured(create_app(services), services.settings)
    keep_what_is_here()
    server = _Server(config, services, stop_tracing)
    with suppress(KeyboardInterrupt):  # which uvicorn raises again, once it has stopped
        server.run(sockets)
    return 0 if server.started else FAILED


def configured(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Returns how an application is served; uvicorn logs as the settings want it from then on."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",  # uvloop raises where an answer is sent to who has gone
        http=Connection,
        access_log=settings.access_log,
        # Its own way of writing is for people; without one, all goes to who writes the logs.
        log_config=uvicorn.config.LOGGING_CONFIG if settings.log_format == "text" else None,
        timeout_graceful_shutdown=GRACE_S,
    )


class _Server(uvicorn.Server):
    """Ends the streams of events when it is told to stop: it would wait for them to end."""

    def __init__(
        self, config: uvicorn.Config, services: Services, stop_tracing: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._services = services
        self._stop_tracing = stop_tracing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._services.watch.close()
        await super().shutdown(sockets)
        await run_sync(self._stop_tracing)  # here: the signal that ends it is raised again next
