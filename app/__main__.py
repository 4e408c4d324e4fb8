"""The API's processes: `python -m app`, with its settings from the environment."""

import logging
import os
import sys
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from app.api_keys import is_any_key
from app.audit import write_to_stderr
from app.database import Database
from app.exit_code import exit_code
from app.forked import outcome_of
from app.guard import is_loopback
from app.logs import format_written, write_logs
from app.problems import NotReady
from app.server import serve
from app.services import Services
from app.settings import Settings
from app.together import serve_together

_log = logging.getLogger(__name__)

# What unusable settings raise: wrong numbers and URLs, drivers that aren't there, folders.
_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError)


def main() -> None:
    """Serves until it is told to stop; ends with a clear line when it can't start."""
    try:
        settings = Settings.from_environment(os.environ)
        write_logs(settings.log_format)
        if settings.api_processes == 1:
            services = _checked(settings)
    except _UNUSABLE as error:
        sys.exit(_told_of(error))
    write_to_stderr()
    if settings.api_processes == 1:
        sys.exit(serve(services))
    # What this process opened would not survive a fork: one of its own finds out.
    if code := outcome_of(partial(_outcome_of_check, settings)):
        sys.exit(code)
    sys.exit(serve_together(settings))


def _outcome_of_check(settings: Settings) -> int:
    try:
        _checked(settings).database.close()
    except _UNUSABLE as error:
        return _told_of(error)
    return 0


def _checked(settings: Settings) -> Services:
    """Returns what the routes work with, if it is there and those may come in who can."""
    services = Services.open(settings)
    services.database.check()
    _say(said_of_keys(settings, services.database))
    return services


def _told_of(error: BaseException) -> int:
    """Says why the server can't start; returns what it exits with."""
    _say(f"stillhouse api: {error}", logging.ERROR)
    return exit_code(error)


def _say(line: str, level: int = logging.WARNING) -> None:
    """Says something to who starts the server; nothing, if there is nothing to be said."""
    if not line:
        return
    if format_written() == "json":
        _log.log(level, line)
    else:
        sys.stderr.write(f"{line}\n")


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
