"""Keeps out what a strange web page may send from its visitor's browser.

A page whose name is pointed at this server (DNS rebinding) still sends its own name as the host; a
page that posts here (cross-site request forgery) is marked by the browser as another site.
"""

import re
from ipaddress import ip_address

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.problem_handlers import problem_answer
from app.problems import Forbidden, Misdirected, StillhouseError
from app.settings import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ANYWHERE = frozenset({"0.0.0.0", "[::]"})  # to listen on, not to ask for
_READING = ("GET", "HEAD", "OPTIONS")
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d*)?")  # a name or address, and a port


class Guard:
    """ASGI middleware that refuses requests for other hosts, and changes from other sites.

    With an address that isn't loopback and no `allowed_hosts`, any host is taken: only who runs
    the server knows its names.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts: frozenset[str] | None = None
        if settings.allowed_hosts or is_loopback(settings.host):
            own = f"[{settings.host}]" if ":" in settings.host else settings.host.lower()
            self._hosts = (_LOOPBACK | {own} | settings.allowed_hosts) - _ANYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with a problem, or hands the request on."""
        if scope["type"] == "http":
            refusal = self._refusal(Request(scope))
            if refusal is not None:
                await problem_answer(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> StillhouseError | None:
        host = request.headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return Misdirected(
                f"this server is not {host[:100]!r}; STILLHOUSE_ALLOWED_HOSTS names what else it is"
            )
        site = request.headers.get("sec-fetch-site")
        if request.method not in _READING and site == "cross-site":
            return Forbidden(f"{request.method} {request.url.path}: sent by another site's page")
        return None


def _name(host: str) -> str | None:
    """Returns the name or address of a Host header, without its port; None if it is none."""
    found = _HOST.fullmatch(host.lower())
    return found and found[1]


def is_loopback(host: str) -> bool:
    """Returns whether an address that a server listens on is for this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
