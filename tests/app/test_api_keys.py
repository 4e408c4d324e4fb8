import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app import api_keys
from app.api_keys import (
    admit,
    create_key,
    digest,
    is_any_key,
    is_key,
    list_keys,
    note_use,
    renew_key,
    revoke_key,
)
from app.clock import DatabaseTime
from app.database import Database
from app.problems import Conflict, NotFound
from app.tables import ApiKey
from app.visitor import Scope

SCOPES: tuple[Scope, ...] = ("read", "submit")
NOW = datetime.now(UTC)


def _create(database: Database, name: str = "ada", expires_at: datetime | None = None) -> str:
    with database.write() as session:
        return create_key(session, name, SCOPES, expires_at)


def _admitted(database: Database, key: str) -> api_keys.Admitted | None:
    with database.read() as session:
        return admit(session, digest(key))


def test_a_key_is_256_bits_of_which_the_hash_alone_is_kept(database: Database) -> None:
    keys = {_create(database, f"{n}") for n in range(20)}
    assert len(keys) == 20
    assert all(len(base64.urlsafe_b64decode(key.removeprefix("sth_") + "=")) == 32 for key in keys)
    assert all(map(is_key, keys))
    with database.read() as session:
        rows = session.scalars(select(ApiKey)).all()
        kept = [str(value) for row in rows for value in vars(row).values()]
    assert {row.sha256 for row in rows} == {hashlib.sha256(k.encode()).hexdigest() for k in keys}
    assert not any(key in value or key[4:] in value for key in keys for value in kept)


@pytest.mark.parametrize("text", ["", "sth_", "sth_" + "a" * 42, "sth_" + "a" * 44, "a" * 47])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not is_key(text)


def test_a_key_lets_its_holder_in_with_its_scopes(database: Database) -> None:
    key, other = _create(database), _create(database, "bob")
    found, of_other = _admitted(database, key), _admitted(database, other)
    assert found is not None
    assert of_other is not None
    assert (found.visitor.name, found.visitor.scopes) == ("ada", frozenset(SCOPES))
    assert found.visitor.key_id != of_other.visitor.key_id
    assert _admitted(database, "sth_" + "a" * 43) is None


@pytest.mark.parametrize("agree", [True, False])
def test_whether_hashes_agree_is_told_in_a_time_that_tells_nothing(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, agree: bool
) -> None:
    key = _create(sqlite_database)
    compared: list[set[str]] = []

    def comparing(one: str, other: str) -> bool:
        compared.append({one, other})
        return agree

    monkeypatch.setattr(hmac, "compare_digest", comparing)
    assert (_admitted(sqlite_database, key) is not None) is agree
    assert compared == [{digest(key)}]


@pytest.mark.parametrize(("hours", "is_valid"), [(-1, False), (1, True)])
def test_a_key_lasts_until_it_expires(database: Database, hours: int, is_valid: bool) -> None:
    key = _create(database, expires_at=NOW + timedelta(hours=hours))
    assert (_admitted(database, key) is not None) is is_valid
    with database.read() as session:
        (record,) = list_keys(session)
    assert (record.is_valid, record.expires_at) == (is_valid, NOW + timedelta(hours=hours))


def test_a_revoked_key_opens_nothing_and_stays_on_record(database: Database) -> None:
    key = _create(database)
    with database.read() as session:
        record = list_keys(session)[0]
    with database.write() as session:
        revoke_key(session, record.id)
    with database.read() as session:
        (revoked,) = list_keys(session)
    with database.write() as session:
        revoke_key(session, "ada")
    assert _admitted(database, key) is None
    with database.read() as session:
        assert is_any_key(session)
        (again,) = list_keys(session)
    assert revoked.revoked_at is not None
    assert (again.revoked_at, again.is_valid) == (revoked.revoked_at, False)


def test_a_renewed_key_has_new_bits_and_the_old_id(database: Database) -> None:
    old = _create(database)
    before = _admitted(database, old)
    with database.write() as session:
        revoke_key(session, "ada")
        new = renew_key(session, "ada", NOW + timedelta(days=1))
    assert before is not None
    assert _admitted(database, old) is None
    after = _admitted(database, new)
    assert after is not None
    assert after.visitor == before.visitor


def test_a_name_is_given_once(database: Database) -> None:
    _create(database)
    with pytest.raises(Conflict, match="keys renew"):
        _create(database)


@pytest.mark.parametrize("name", ["nobody", "key_" + "a" * 22])
def test_what_is_not_there_can_neither_be_revoked_nor_renewed(
    database: Database, name: str
) -> None:
    with database.write() as session:
        with pytest.raises(NotFound, match="keys list"):
            revoke_key(session, name)
        with pytest.raises(NotFound, match="keys list"):
            renew_key(session, name, None)
        assert not is_any_key(session)


@pytest.mark.parametrize(("ago_s", "is_due"), [(None, True), (61.0, True), (50.0, False)])
def test_a_use_is_noted_once_a_minute(
    database: Database, ago_s: float | None, is_due: bool
) -> None:
    key = _create(database)
    first = _admitted(database, key)
    assert first is not None
    assert first.visitor.key_id is not None
    with database.write() as session:
        if ago_s is not None:
            note_use(session, first.visitor.key_id)
            session.execute(update(ApiKey).values(last_used_at=DatabaseTime(-ago_s)))
    found = _admitted(database, key)
    assert found is not None
    assert found.is_use_due is is_due


def test_a_use_is_told_in_the_list(database: Database) -> None:
    key = _create(database)
    found = _admitted(database, key)
    assert found is not None
    assert found.visitor.key_id is not None
    with database.write() as session:
        note_use(session, found.visitor.key_id)
    with database.read() as session:
        (record,) = list_keys(session)
    assert record.last_used_at is not None
    assert record.last_used_at >= record.created_at
