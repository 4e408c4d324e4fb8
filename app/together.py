"""The API by several processes at one port: what is made for all of them, and for each."""

import logging
import signal
import socket
from functools import partial

from starlette.types import Receive, Scope, Send

from app.crew import Crew
from app.exit_code import FAILED
from app.garbage import keep_what_is_here
from app.listeners import listen
from app.metrics_folder import metrics_folder
from app.prefork import Prefork
from app.server import GRACE_S, configured, serve
from app.services import Services
from app.settings import Settings

_log = logging.getLogger("uvicorn.error")  # says what uvicorn says where it serves alone

_CANT_LISTEN = 3  # as uvicorn exits then
_ENDS_WITHIN_S = GRACE_S + 10.0  # answers, the last spans, and what else there is to close


def serve_together(settings: Settings) -> int:
    """Serves until this process is told to stop, and ends by SIGTERM if it was sent that.

    Returns:
        What the process exits with.
    """
    config = configured(_nothing, settings)
    config.load()  # imports the rest of what serves, once for all of them
    try:
        shares = listen(settings.host, settings.port, settings.api_processes, config.backlog)
    except OSError as error:
        at = (settings.host, settings.port)
        _log.error("can't listen at %s, port %d: %s", *at, error.strerror)
        return _CANT_LISTEN
    keep_what_is_here()
    with metrics_folder() as metrics:
        prefork = Prefork(partial(_serve, settings), shares, metrics, _ENDS_WITHIN_S)
        told = prefork.run(partial(_tell, settings.host, shares[0][0].getsockname()[1]))
    if told == signal.SIGTERM:  # as uvicorn raises it again
        signal.signal(told, signal.SIG_DFL)
        signal.raise_signal(told)
    return 0 if told else FAILED


def _serve(settings: Settings, crew: Crew, sockets: list[socket.socket]) -> int:
    return serve(Services.open(settings, crew), sockets)


def _tell(host: str, port: int) -> None:
    at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    _log.info("Uvicorn running on http://%s (Press CTRL+C to quit)", at)


async def _nothing(_: Scope, __: Receive, ___: Send) -> None:
    """Answers nothing, in the place of the application."""
