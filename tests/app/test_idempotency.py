import threading
import time

import pytest
from sqlalchemy import func, select, update
from starlette.responses import Response

from app import idempotency
from app.clock import DatabaseTime
from app.database import Also, Database
from app.idempotency import KeyReused, Sender, UnderWay, answer_once, fingerprint_of
from app.ids import new_id
from app.tables import Dataset, IdempotentRequest

SENDER = Sender("key")


class Maker:
    """Puts a dataset on record each time that it is told to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.error: Exception | None = None

    def __call__(self, also: Also[str]) -> str:
        with self.database.write() as session:
            made = new_id("dst")
            row = Dataset(id=made, name="x", key="x", sha256="x", bytes=1, summary={})
            session.add(row)
            also(session, made)
            if self.error is not None:
                raise self.error
        return made

    @property
    def count(self) -> int:
        with self.database.read() as session:
            return session.scalars(select(func.count()).select_from(Dataset)).one()


def _answer(made: str) -> Response:
    headers = {"Location": f"/v1/datasets/{made}", "X-Other": "x"}
    return Response(made, 201, headers, "application/json")


def _ask(maker: Maker, sender: Sender | None = SENDER, fingerprint: str = "a") -> Response:
    return answer_once(maker.database, sender, lambda: fingerprint, maker, _answer)


def _later(database: Database, **times: float) -> None:
    """Makes the requests' times so many seconds older."""
    with database.write() as session:
        moved = {name: DatabaseTime(-seconds) for name, seconds in times.items()}
        session.execute(update(IdempotentRequest).values(**moved))


def test_the_same_request_gets_the_first_answer_again(database: Database) -> None:
    maker = Maker(database)
    first, again = _ask(maker), _ask(maker)
    assert maker.count == 1
    assert (again.status_code, again.body) == (first.status_code, first.body)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


def test_another_key_or_owner_or_none_is_another_request(database: Database) -> None:
    maker = Maker(database)
    for sender in (SENDER, Sender("other"), Sender("key", "somebody"), None, None):
        _ask(maker, sender)
    assert maker.count == 5


def test_another_request_with_the_same_key_is_refused(database: Database) -> None:
    maker = Maker(database)
    _ask(maker)
    with pytest.raises(KeyReused) as refused:
        _ask(maker, fingerprint="b")
    assert refused.value.status == 422
    assert [error.pointer for error in refused.value.errors] == ["#/Idempotency-Key"]
    assert maker.count == 1


def test_while_it_is_carried_out_the_same_request_is_refused(database: Database) -> None:
    begun, may_end = threading.Event(), threading.Event()
    maker = Maker(database)

    def slowly(also: Also[str]) -> str:
        begun.set()
        assert may_end.wait(30)
        return maker(also)

    first = threading.Thread(
        target=lambda: answer_once(database, SENDER, lambda: "a", slowly, _answer)
    )
    first.start()
    assert begun.wait(30)
    with pytest.raises(UnderWay) as refused:
        _ask(maker)
    assert (refused.value.status, refused.value.retry_after_s) == (409, 2)
    may_end.set()
    first.join()
    assert _ask(maker).headers["idempotent-replayed"] == "true"
    assert maker.count == 1


def test_however_long_it_takes_nobody_else_takes_it_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_UNDER_WAY_S", 1.0)
    monkeypatch.setattr(idempotency, "_RENEWED_EACH_S", 0.1)
    maker = Maker(database)

    def slowly(also: Also[str]) -> str:
        for _ in range(8):
            time.sleep(0.3)
            with pytest.raises(UnderWay):
                _ask(maker)
        return maker(also)

    assert answer_once(database, SENDER, lambda: "a", slowly, _answer).status_code == 201
    assert maker.count == 1


def test_one_of_many_at_the_same_moment_is_carried_out(database: Database) -> None:
    maker = Maker(database)
    found: list[object] = []
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait(30)
        try:
            found.append(_ask(maker).body)
        except UnderWay:
            found.append(None)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert maker.count == 1
    assert len(found) == 6
    assert len(set(found) - {None}) == 1


def test_what_failed_may_be_sent_again(database: Database) -> None:
    maker = Maker(database)
    maker.error = ValueError("refused")
    with pytest.raises(ValueError, match="refused"):
        _ask(maker)
    assert maker.count == 0
    maker.error = None
    assert "idempotent-replayed" not in _ask(maker, fingerprint="b").headers
    assert maker.count == 1


@pytest.mark.parametrize("ago_s", [1, -3600], ids=["killed", "and the clock went back"])
def test_what_a_killed_server_had_under_way_is_taken_over_and_never_done_twice(
    database: Database, ago_s: float
) -> None:
    maker = Maker(database)

    def paused(also: Also[str]) -> str:
        _later(database, claimed_until=ago_s)
        assert "idempotent-replayed" not in _ask(maker).headers  # another takes it on
        return maker(also)  # and who was thought dead goes on

    with pytest.raises(UnderWay):
        answer_once(database, SENDER, lambda: "a", paused, _answer)
    assert maker.count == 1
    assert _ask(maker).headers["idempotent-replayed"] == "true"


def test_answers_are_kept_for_a_day(database: Database) -> None:
    maker = Maker(database)
    _ask(maker)
    _later(database, created_at=idempotency.KEPT_S - 60)
    assert "idempotent-replayed" in _ask(maker).headers
    _later(database, created_at=idempotency.KEPT_S + 1)
    assert "idempotent-replayed" not in _ask(maker, fingerprint="b").headers
    assert maker.count == 2


def test_equal_requests_have_equal_fingerprints() -> None:
    same = [fingerprint_of("jobs", one) for one in ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
    others = [fingerprint_of("jobs", {"a": 1}), fingerprint_of("estimates", {"a": 1, "b": 2})]
    assert same[0] == same[1]
    assert len({*same, *others}) == 3
