"""The API's process: `python -m app`, with its settings from the environment."""

import gc
import os
import sys

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from app.api import create_app
from app.api_keys import is_any_key
from app.audit import write_to_stderr
from app.database import Database
from app.guard import is_loopback
from app.problems import NotReady
from app.services import Services
from app.settings import Settings

_CANNOT_START = 2
_GRACE_S = 10  # for answers under way when it is told to stop
# What unusable settings raise: wrong numbers and URLs, drivers that aren't there, folders.
_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError)


def main() -> None:
    """Serves until it is told to stop; ends with a clear line when it can't start."""
    try:
        settings = Settings.from_environment(os.environ)
        services = Services.open(settings)
        services.database.check()
        sys.stderr.write(said_of_keys(settings, services.database))
    except _UNUSABLE as error:
        sys.stderr.write(f"stillhouse api: {error}\n")
        sys.exit(_CANNOT_START)
    write_to_stderr()
    app = create_app(services)
    # What is here now stays: to look through it again and again would hold answers up for 0.1 s.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=settings.access_log,
        timeout_graceful_shutdown=_GRACE_S,
    )


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
        f" {settings.host}, the only address it listens on; `stillhouse keys create` ends that\n"
    )


if __name__ == "__main__":
    main()
