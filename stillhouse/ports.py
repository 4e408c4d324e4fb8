"""TCP ports: a free one, and whether one can be had."""

from __future__ import annotations

import socket

from stillhouse.errors import CannotServe


def free_port(host: str = "127.0.0.1") -> int:
    """Returns a port that nothing listens on at the moment.

    Raises:
        CannotServe: No server can listen at this address.
    """
    try:
        with socket.create_server((host, 0)) as server:
            return int(server.getsockname()[1])
    except OSError as error:
        msg = f"can't listen on {host} ({error.strerror or error})"
        raise CannotServe(msg) from error


def require_free(host: str, port: int) -> None:
    """Raises CannotServe, with the way out, when a server can't listen there."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        msg = (
            f"can't listen on {host}:{port} ({error.strerror or error}); stop what uses it, "
            "or choose another with --port"
        )
        raise CannotServe(msg) from error


def answers(host: str, port: int) -> bool:
    """Returns whether something accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True
