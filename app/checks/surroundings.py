"""Where the API listens, and who may come in."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
from sqlalchemy import make_url

from app.api_keys import list_keys
from app.checks.findings import Finding
from app.database import Database
from app.guard import is_loopback
from app.problems import NotReady
from app.settings import Settings

_PORT, _KEYS, _DATASETS = "port", "API keys", "datasets"
_ASK_FOR_S = 3.0


def look_at_port(settings: Settings) -> Finding:
    """Returns whether the port is free, or what has it."""
    host, port = settings.host, settings.port
    try:
        socket.create_server((host, port), family=_family(host)).close()
    except OSError as error:
        if _is_ours(host, port):
            return Finding(_PORT, "ok", f"a Stillhouse answers at {host}:{port}")
        told = f"{host}:{port} can't be listened on: {error.strerror or error}{_user(port)}"
        remedy = "stop what uses it, or choose another by --port or STILLHOUSE_PORT"
        return Finding(_PORT, "wrong", told, remedy)
    return Finding(_PORT, "ok", f"{host}:{port} is free; no Stillhouse serves there now")


def look_at_keys(settings: Settings) -> Finding:
    """Returns who may come in: a server that other machines reach doesn't start without keys."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        keys = []
    else:
        database = Database(settings.database_url)
        try:
            database.check()
        except NotReady:
            return Finding(_KEYS, "warning", "unknown while the database isn't ready")
        with database.read() as session:
            keys = list_keys(session)
        database.close()
    valid = sum(key.is_valid for key in keys)
    remedy = "`stillhouse keys create --name NAME`"
    if not keys and is_loopback(settings.host):
        told = f"none: whoever uses this machine may do everything at {settings.host}"
        return Finding(_KEYS, "ok", told)
    if not keys:
        told = f"none, and other machines reach {settings.host}: the API doesn't start"
        return Finding(_KEYS, "wrong", told, remedy)
    if not valid:
        return Finding(_KEYS, "wrong", f"all {len(keys)} are revoked or expired", remedy)
    return Finding(_KEYS, "ok", f"{valid} of {len(keys)} are valid")


def look_at_datasets(settings: Settings) -> Iterator[Finding]:
    """Yields whether the folder of named datasets is there, where one is set."""
    folder = settings.datasets
    if folder is not None and not folder.is_dir():
        remedy = "make it, or see to STILLHOUSE_DATASETS"
        yield Finding(_DATASETS, "warning", f"there is no folder {folder}", remedy)
    elif folder is not None:
        yield Finding(_DATASETS, "ok", str(folder))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_ours(host: str, port: int) -> bool:
    """Returns whether what answers there answers as our API does."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = HTTPConnection(asked, port, timeout=_ASK_FOR_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status == 200 and b'"ok"' in answer.read(1000)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _user(port: int) -> str:
    """Returns which process listens on a port, as far as this user may know."""
    try:
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid:
                return f", by process {found.pid} ({psutil.Process(found.pid).name()})"
    except psutil.Error:
        pass
    return ""
