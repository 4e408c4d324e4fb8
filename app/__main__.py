"""The API's process: `python -m app`, with its settings from the environment."""

import gc
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from app.api import create_app
from app.api_keys import is_any_key
from app.audit import write_to_stderr
from app.connection import Connection
from app.database import Database
from app.exit_code import FAILED, exit_code
from app.guard import is_loopback
from app.logs import format_written, write_logs
from app.problems import NotReady
from app.services import Services
from app.settings import Settings
from app.tracing import start_tracing

_log = logging.getLogger(__name__)

_GRACE_S = 10  # for answers under way when it is told to stop
# What unusable settings raise: wrong numbers and URLs, drivers that aren't there, folders.
_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError)


def main() -> None:
    """Serves until it is told to stop; ends with a clear line when it can't start."""
    try:
        settings = Settings.from_environment(os.environ)
        write_logs(settings.log_format)
        services = Services.open(settings)
        services.database.check()
        _say(said_of_keys(settings, services.database))
    except _UNUSABLE as error:
        _say(f"stillhouse api: {error}", logging.ERROR)
        sys.exit(exit_code(error))
    write_to_stderr()
    stop_tracing = start_tracing("stillhouse-api")
    app = create_app(services)
    # What is here now stays: to look through it again and again would hold answers up for 0.1 s.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",  # uvloop raises where an answer is sent to who has gone
        http=Connection,
        access_log=settings.access_log,
        # Its own way of writing is for people; without one, all goes to who writes the logs.
        log_config=uvicorn.config.LOGGING_CONFIG if settings.log_format == "text" else None,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, services, stop_tracing)
    with suppress(KeyboardInterrupt):  # which uvicorn raises again, once it has stopped
        server.run()
    if not server.started:
        sys.exit(FAILED)


def _say(line: str, level: int = logging.WARNING) -> None:
    """Says something to who starts the server; nothing, if there is nothing to be said."""
    if not line:
        return
    if format_written() == "json":
        _log.log(level, line)
    else:
        sys.stderr.write(f"{line}\n")


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


def said_of_keys(settings: Settings, database: Database) -> str:
    """Returns a line about who may come in, where it is anybody; nothing else.

    Raises:
        NotReady: other machines reach this server, and there is no key.
    """
    with database.read() as session:
        if is_any_key(session):
            return ""
    if not is_loopback(settings.host):
        raise NotReady(
            f"it would listen on {settings.host}, where other machines reach it, and there is no"
            f" API key in {database.url}: make one with `stillhouse keys create --name NAME`"
        )
    return (
        f"stillhouse api: there is no API key: whoever uses this machine may do everything at"
        f" {settings.host}, the only address it listens on; `stillhouse keys create` ends that"
    )


if __name__ == "__main__":
    main()
