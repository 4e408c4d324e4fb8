"""Requests that may be sent twice and are carried out once: those with an `Idempotency-Key`.

The answer is kept in the transaction that carries the request out, so whoever is killed leaves
both or neither. Only what succeeded is kept: a request that was refused changed nothing, and may be
sent again with the same key.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.clock import DatabaseTime
from app.database import Also, Database, nothing_else
from app.field_errors import pointer
from app.ids import random_name
from app.problems import Conflict, FieldError, Invalid
from app.tables import IdempotentRequest

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_S = 86_400.0
_KEPT = ("location", "retry-after")
# What a killed server had under way can be sent again after that; who lives says that it goes on.
_UNDER_WAY_S = 10.0
_RENEWED_EACH_S = 2.5

_log = logging.getLogger(__name__)
T = TypeVar("T")


class UnderWay(Conflict):
    """Raised when a request is sent again while it is carried out."""

    type = "under-way"
    title = "The same request is under way"
    retry_after_s = 2


class KeyReused(Invalid):
    """Raised when another request had the same key."""

    type = "idempotency-key-reused"
    title = "The key was used for another request"


@dataclass(frozen=True)
class Sender:
    """A request's key, and whose it is; another owner's same key is another one."""

    key: str
    owner: str = ""


@dataclass(frozen=True)
class _Claim:
    sender: Sender
    name: str


def answer_once(
    database: Database,
    sender: Sender | None,
    fingerprint: Callable[[], str],
    carry_out: Callable[[Also[T]], T],
    answer: Callable[[T], Response],
) -> Response:
    """Returns the answer to a request, or the one that it got when it came first.

    Args:
        database: where the answers are kept.
        sender: of a request without a key None: it is carried out whenever it comes.
        fingerprint: returns what is equal for equal requests alone.
        carry_out: puts something on record and returns it; in the same transaction it does what it
            is given.
        answer: makes the answer of what was put on record.

    Raises:
        UnderWay: the same request is being carried out.
        KeyReused: the key came with another request.
    """
    if sender is None:
        return answer(carry_out(nothing_else))
    claimed = _claim(database, sender, fingerprint())
    if isinstance(claimed, Response):
        return claimed
    try:
        with _renewed(database, claimed):
            return answer(carry_out(lambda session, made: _keep(session, claimed, answer(made))))
    except BaseException:
        _let_go(database, claimed)
        raise


def fingerprint_of(path: str, body: object) -> str:
    """Returns the fingerprint of a request; the order of its fields is no matter."""
    text = json.dumps([path, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def was_answered(database: Database, sender: Sender) -> bool:
    """Returns whether a request of the sender's, maybe another one, succeeded under its key."""
    answered = select(IdempotentRequest.key).where(_is_of(sender))
    with database.read() as session:
        found = session.scalar(answered.where(IdempotentRequest.answer.is_not(None)))
        return found is not None


def _claim(database: Database, sender: Sender, fingerprint: str) -> _Claim | Response:
    """Takes the request on, or returns the answer that it got before."""
    claim = _Claim(sender, random_name())
    old = IdempotentRequest.created_at < DatabaseTime(-KEPT_S)
    query = select(IdempotentRequest, _is_abandoned())
    times = {"created_at": DatabaseTime(), "claimed_until": DatabaseTime(_UNDER_WAY_S)}
    try:
        with database.write() as session:
            session.execute(delete(IdempotentRequest).where(old))
            found = session.execute(query.where(_is_of(sender)).with_for_update()).one_or_none()
            if found is not None:
                row, is_abandoned = found
                _expect_same(row, fingerprint)
                if row.answer is not None:
                    return _read(row.answer)
                if not is_abandoned:
                    raise _under_way()
                session.execute(delete(IdempotentRequest).where(_is_of(sender)))
            values = {"owner": sender.owner, "key": sender.key, "fingerprint": fingerprint}
            session.execute(insert(IdempotentRequest).values(claim=claim.name, **values, **times))
    except IntegrityError as error:  # another came at the same moment
        raise _under_way() from error
    return claim


@contextmanager
def _renewed(database: Database, claim: _Claim) -> Iterator[None]:
    """Lets nobody take the request on while it is carried out, however long that takes."""
    has_ended = Event()
    still = update(IdempotentRequest).where(IdempotentRequest.claim == claim.name)

    def renew() -> None:
        while not has_ended.wait(_RENEWED_EACH_S):
            try:
                with database.write() as session:
                    session.execute(still.values(claimed_until=DatabaseTime(_UNDER_WAY_S)))
            except SQLAlchemyError:
                _log.warning("a request that is under way could not say so", exc_info=True)

    Thread(target=renew, name="under way", daemon=True).start()
    try:
        yield
    finally:
        has_ended.set()


def _keep(session: Session, claim: _Claim, answer: Response) -> None:
    """Keeps the answer, in the transaction that carries the request out.

    Raises:
        UnderWay: it took so long that another has taken the request on.
    """
    kept = {
        "status": answer.status_code,
        "headers": {name: answer.headers[name] for name in _KEPT if name in answer.headers},
        "media_type": answer.media_type,
        "body": bytes(answer.body).decode(),
    }
    of_claim = update(IdempotentRequest).where(IdempotentRequest.claim == claim.name)
    if session.scalar(of_claim.values(answer=kept).returning(IdempotentRequest.key)) is None:
        raise _under_way()


def _let_go(database: Database, claim: _Claim) -> None:
    """Forgets a request that was not carried out."""
    of_claim = (IdempotentRequest.claim == claim.name) & IdempotentRequest.answer.is_(None)
    with database.write() as session:
        session.execute(delete(IdempotentRequest).where(of_claim))


def _is_abandoned() -> ColumnElement[bool]:
    """Returns the condition that who took a request on is gone, also by a clock that went back."""
    until = IdempotentRequest.claimed_until
    return or_(until < DatabaseTime(), until > DatabaseTime(2 * _UNDER_WAY_S))


def _is_of(sender: Sender) -> ColumnElement[bool]:
    return (IdempotentRequest.owner == sender.owner) & (IdempotentRequest.key == sender.key)


def _expect_same(row: IdempotentRequest, fingerprint: str) -> None:
    if row.fingerprint != fingerprint:
        detail = "this key came with another request: take a new one for each"
        raise KeyReused(detail, [FieldError(pointer(HEADER), detail)])


def _read(kept: Mapping[str, Any]) -> Response:
    headers = {**kept["headers"], REPLAYED: "true"}
    return Response(kept["body"], kept["status"], headers, kept["media_type"])


def _under_way() -> UnderWay:
    return UnderWay("the same request, with the same key, is being carried out")
