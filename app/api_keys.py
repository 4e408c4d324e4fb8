"""The repository of API keys. A key is 256 random bits, of which only the SHA-256 is kept.

A password hash would take 0.1 s a request and make nothing safer: nobody guesses 256 bits.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, true, update
from sqlalchemy.orm import Session

from app.clock import DatabaseTime
from app.core_reads import read_rows
from app.ids import KEY, new_id
from app.problems import Conflict, NotFound
from app.tables import ApiKey
from app.visitor import Scope, Visitor

PREFIX = "sth_"
_BYTES = 32
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")  # 32 bytes in base64
_USE_NOTED_EVERY_S = 60.0  # so that a read seldom writes


@dataclass(frozen=True)
class KeyRecord:
    """A key as it is on record; `is_valid` by the database's clock."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    is_valid: bool


@dataclass(frozen=True)
class Admitted:
    """Whom a key lets in; `is_use_due` says that its use should be noted."""

    visitor: Visitor
    is_use_due: bool


def create_key(
    session: Session, name: str, scopes: Collection[Scope], expires_at: datetime | None
) -> str:
    """Puts a new key on record and returns it: nobody can read it again.

    Raises:
        Conflict: there is a key of this name, be it revoked.
    """
    if session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
        raise Conflict(f"there is a key named {name!r}: `stillhouse keys renew` gives it new bits")
    key = _new()
    row = ApiKey(id=new_id(KEY), name=name, sha256=digest(key), scopes=list(scopes))
    row.expires_at = expires_at
    session.add(row)
    session.flush()
    return key


def renew_key(session: Session, name_or_id: str, expires_at: datetime | None) -> str:
    """Gives a key, be it revoked, new bits and returns them; the old ones open nothing any more.

    What it owns stays its own.

    Raises:
        NotFound: there is no such key.
    """
    key = _new()
    row = _find(session, name_or_id)
    row.sha256, row.expires_at, row.revoked_at = digest(key), expires_at, None
    session.flush()
    return key


def revoke_key(session: Session, name_or_id: str) -> None:
    """Makes a key open nothing any more; one that was revoked stays as it is.

    Raises:
        NotFound: there is no such key.
    """
    row = _find(session, name_or_id)
    row.revoked_at = func.coalesce(ApiKey.revoked_at, DatabaseTime())
    session.flush()


def list_keys(session: Session) -> list[KeyRecord]:
    """Returns all keys, the oldest first."""
    return _records(session, true())


def get_key(session: Session, name_or_id: str) -> KeyRecord:
    """Returns a key's record.

    Raises:
        NotFound: there is no such key.
    """
    (record,) = _records(session, ApiKey.id == _find(session, name_or_id).id)
    return record


def _records(session: Session, wanted: ColumnElement[bool]) -> list[KeyRecord]:
    query = select(ApiKey, _is_valid()).where(wanted).order_by(ApiKey.created_at, ApiKey.id)
    return [
        KeyRecord(
            id=row.id,
            name=row.name,
            scopes=cast("tuple[Scope, ...]", tuple(row.scopes)),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
            is_valid=bool(is_valid),
        )
        for row, is_valid in session.execute(query)
    ]


def is_any_key(session: Session) -> bool:
    """Returns whether a key was ever made; revoked ones count."""
    return session.scalar(select(ApiKey.id).limit(1)) is not None


def digest(key: str) -> str:
    """Returns what is kept of a key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_key(text: str) -> bool:
    """Returns whether a text has a key's form (not whether it opens anything)."""
    return _FORM.fullmatch(text) is not None


def admit(session: Session, sha256: str) -> Admitted | None:
    """Returns whom the key of this SHA-256 lets in; None if it is unknown, revoked or expired."""
    found = read_rows(session, _ADMITTED, {"sha256": sha256}).one_or_none()
    # The index may have told by its time how far two hashes agree; whether they do is told here.
    if found is None or not hmac.compare_digest(found.sha256, sha256):
        return None
    scopes = cast("frozenset[Scope]", frozenset(found.scopes))
    return Admitted(Visitor(found.id, found.name, scopes), bool(found.is_use_due))


def note_use(session: Session, key_id: str) -> None:
    """Puts on record that a key is used now."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=DatabaseTime()))


def _new() -> str:
    return PREFIX + secrets.token_urlsafe(_BYTES)


def _find(session: Session, name_or_id: str) -> ApiKey:
    found = session.scalar(
        select(ApiKey)
        .where(or_(ApiKey.id == name_or_id, ApiKey.name == name_or_id))
        .with_for_update()
    )
    if found is None:
        raise NotFound(
            f"there is no key {name_or_id!r}: `stillhouse keys list` shows those there are"
        )
    return found


def _is_valid() -> ColumnElement[bool]:
    is_not_over = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > DatabaseTime())
    return and_(ApiKey.revoked_at.is_(None), is_not_over)


_LONG_AGO = DatabaseTime(-_USE_NOTED_EVERY_S)
_IS_USE_DUE = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < _LONG_AGO)
_ADMITTED = select(
    ApiKey.id, ApiKey.name, ApiKey.sha256, ApiKey.scopes, _IS_USE_DUE.label("is_use_due")
).where(ApiKey.sha256 == bindparam("sha256"), _is_valid())
