"""What the server that a client talks to says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from stillhouse.client import Client
from stillhouse.doctor import Finding
from stillhouse.documents import Document
from stillhouse.errors import NotAnswered, Refused, Unreachable

_SIDE = "the server"
_LONG_S = 60.0  # a free coordinator takes a job within a second or two
_NOT_FOUND = 404


def look_at_server(client: Client, *, is_expected: bool) -> Iterator[Finding]:
    """Yields what a server tells: whether it works, its version, the key, its coordinators.

    Args:
        client: Of the server.
        is_expected: Whether somebody named it; nobody may have started the one that is usual.
    """
    try:
        is_ready = client.ready()
        found = client.server()
    except Unreachable as error:
        state = "wrong" if is_expected else "warning"
        yield Finding(_SIDE, "address", state, str(error), "start it, or see to STILLHOUSE_URL")
        return
    except Refused as refusal:
        if refusal.status == _NOT_FOUND:
            told = "it answers, and is older than this client"
            yield Finding(_SIDE, "version", "warning", told, "update the server")
        else:
            yield Finding(_SIDE, "API key", "wrong", refusal.headline, refusal.hint)
        return
    except NotAnswered as error:
        told = f"{client.url} is something else: {error}"
        yield Finding(_SIDE, "address", "wrong", told, "see to STILLHOUSE_URL")
        return
    yield Finding(_SIDE, "address", "ok", f"{client.url} answers")
    if not is_ready:
        told = "it can't work: its database can't be reached, or lacks migrations"
        yield Finding(_SIDE, "readiness", "wrong", told, "`stillhouse doctor` on the server")
    yield _version(str(found.get("version")))
    yield _key(found.get("key"))
    yield _coordinators(found.get("coordinators") or {})


def _version(theirs: str) -> Finding:
    ours = version("stillhouse")
    if theirs == ours:
        return Finding(_SIDE, "version", "ok", f"{theirs}, as this client")
    told = f"it is {theirs}, and this client {ours}"
    return Finding(_SIDE, "version", "warning", told, "have both of one version")


def _key(key: Document | None) -> Finding:
    if key is None:
        return Finding(_SIDE, "API key", "ok", "it asks for none")
    scopes = ", ".join(key["scopes"])
    if not {"submit", "admin"} & set(key["scopes"]):
        told = f"{key['name']} may {scopes} and nothing else"
        remedy = "to submit, ask for a key with the scope `submit`"
        return Finding(_SIDE, "API key", "warning", told, remedy)
    return Finding(_SIDE, "API key", "ok", f"{key['name']} may {scopes}")


def _coordinators(found: Document) -> Finding:
    check, working, waiting = "coordinator", found.get("working"), found.get("waiting")
    waits_s = found.get("oldest_waiting_s") or 0.0
    if working:
        return Finding(_SIDE, check, "ok", f"jobs being worked on: {working}")
    if not waiting:
        return Finding(_SIDE, check, "ok", "nothing waits for one")
    told = f"jobs that wait: {waiting}, the oldest for {waits_s:.0f} s"
    if found.get("busy") or waits_s < _LONG_S:  # with others' jobs
        return Finding(_SIDE, check, "ok", told)
    remedy = "start `stillhouse coordinator` there, or see its log"
    return Finding(_SIDE, check, "wrong", f"{told}, and nobody works on any", remedy)
