"""The API's process: `python -m app`, with its settings from the environment."""

import gc
import os
import sys

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from app.api import create_app
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
    except _UNUSABLE as error:
        sys.stderr.write(f"stillhouse api: {error}\n")
        sys.exit(_CANNOT_START)
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


if __name__ == "__main__":
    main()
