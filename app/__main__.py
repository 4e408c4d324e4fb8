"""The API's process: `python -m app`, with its settings from the environment."""

import gc
import os
import socket
import sys
from contextlib import suppress

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from app.api import create_app
from app.problems import NotReady
from app.services import Services
from app.settings import Settings

_CANNOT_START = 2
_CANNOT_LISTEN = 3  # as uvicorn has it
_GRACE_S = 10  # for answers under way when it is told to stop
# What unusable settings raise: wrong numbers and URLs, drivers that aren't there, folders.
_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError)


def main() -> None:
    """Serves until it is told to stop; ends with a clear line when it can't start."""
    try:
        settings = Settings.from_environment(os.environ)
        services = Services.open(settings)
        services.database.check()
    except _UNUSABLE as error:
        sys.stderr.write(f"stillhouse api: {error}\n")
        sys.exit(_CANNOT_START)
    app = create_app(services)
    # What is here now stays: to look through it again and again would hold answers up for 0.1 s.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=settings.access_log,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, services)
    with suppress(KeyboardInterrupt):  # which uvicorn raises again, once it has stopped
        server.run()
    if not server.started:
        sys.exit(_CANNOT_LISTEN)


class _Server(uvicorn.Server):
    """Ends the streams of events when it is told to stop: it would wait for them to end."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._services.watch.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    main()
