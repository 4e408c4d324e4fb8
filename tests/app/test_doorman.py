import pytest
from sqlalchemy.exc import OperationalError

from app import doorman
from app.api_keys import create_key, list_keys, revoke_key
from app.database import Database
from app.doorman import REMEMBERED_FOR_S, Doorman
from app.problems import NoKey, WrongKey
from app.visitor import ANYBODY
from tests.app.queries import statements


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _create(database: Database) -> str:
    with database.write() as session:
        return create_key(session, "ada", ["read"], None)


def test_who_is_let_in_is_remembered_for_less_than_a_second(database: Database) -> None:
    key, clock = _create(database), Clock()
    door = Doorman(database, is_open=False, clock=clock)
    assert door.recall(key) is None
    visitor = door.look_up(key)
    assert visitor.name == "ada"
    with statements(database) as sent:
        assert door.recall(key) == visitor
    assert sent == []
    clock.now += REMEMBERED_FOR_S
    assert REMEMBERED_FOR_S < 1
    assert door.recall(key) is None


def test_a_revoked_key_is_refused_when_it_is_looked_up_again(database: Database) -> None:
    key = _create(database)
    door = Doorman(database, is_open=False)
    door.look_up(key)
    with database.write() as session:
        revoke_key(session, "ada")
    with pytest.raises(WrongKey):
        door.look_up(key)
    assert door.recall(key) is None


@pytest.mark.parametrize("key", ["sth_" + "a" * 43, "sth_", "nonsense", "ä"])
def test_an_unknown_key_is_refused(database: Database, key: str) -> None:
    with pytest.raises(WrongKey):
        Doorman(database, is_open=False).look_up(key)


def test_without_a_key_nobody_comes_in(database: Database) -> None:
    door = Doorman(database, is_open=False)
    assert door.recall(None) is None
    with pytest.raises(NoKey, match="stillhouse keys create"):
        door.look_up(None)


def test_an_open_door_is_closed_by_the_first_key_even_a_revoked_one(database: Database) -> None:
    clock = Clock()
    door = Doorman(database, is_open=True, clock=clock)
    assert door.recall(None) is None
    assert door.look_up(None) == ANYBODY
    assert door.recall("anything") == ANYBODY
    key = _create(database)
    with database.write() as session:
        revoke_key(session, "ada")
    clock.now += REMEMBERED_FOR_S
    assert door.recall(None) is None
    for sent in (None, key):
        with pytest.raises(NoKey):
            door.look_up(sent)
        assert door.recall(sent) is None


def test_a_use_is_noted_and_a_database_that_takes_none_keeps_nobody_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _create(database)
    door = Doorman(database, is_open=False)

    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("disk full"))

    with monkeypatch.context() as broken:
        broken.setattr(doorman, "note_use", fail)
        assert door.look_up(key).name == "ada"
    with database.read() as session:
        assert list_keys(session)[0].last_used_at is None
    door.look_up(key)
    with statements(database) as sent:
        door.look_up(key)
    assert not any(one.startswith("UPDATE") for one in sent)
    with database.read() as session:
        assert list_keys(session)[0].last_used_at is not None


def test_no_more_is_remembered_than_there_is_room_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorman, "_MOST_REMEMBERED", 1)
    with database.write() as session:
        keys = [create_key(session, f"{n}", ["read"], None) for n in range(2)]
    door = Doorman(database, is_open=False)
    for key in keys:
        door.look_up(key)
    assert [door.recall(key) is None for key in keys] == [True, False]


def test_who_was_let_in_long_ago_is_known_to_who_asks_for_that_alone(database: Database) -> None:
    key, clock = _create(database), Clock()
    closed, opened = (Doorman(database, is_open=way, clock=clock) for way in (False, True))
    assert closed.recall(key, however_long_ago=True) is None
    visitor = closed.look_up(key)
    opened.look_up(key)
    clock.now += 3600
    assert (closed.recall(key), opened.recall(key)) == (None, None)
    assert closed.recall(key, however_long_ago=True) == visitor
    with database.write() as session:
        revoke_key(session, "ada")
    with pytest.raises(WrongKey):
        closed.look_up(key)
    assert closed.recall(key, however_long_ago=True) is None
