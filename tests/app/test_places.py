from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from app.api_keys import list_keys
from app.places import Places
from app.problems import TooMany
from app.services import Services
from app.watch import Watch
from tests.app.samples import REQUEST
from tests.app.test_door import new_key


@pytest.mark.parametrize(("total", "most"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_a_key_may_have_half_of_the_places(total: int, most: int) -> None:
    places = Places(total, "uploads come in")
    with ExitStack() as taken:
        for _ in range(most):
            taken.enter_context(places.take("key_a"))
        with pytest.raises(TooMany, match=r"uploads come in"), places.take("key_a"):
            pass
        for _ in range(total - most):
            taken.enter_context(places.take("key_b"))
        assert places.taken == total
        with pytest.raises(TooMany, match=f"{total} uploads come in already"):
            places.expect_one("key_c")
    assert places.taken == 0
    assert not places._of_key
    places.expect_one("key_a")


def test_a_place_is_given_back_whatever_happens() -> None:
    places = Places(1, "uploads come in")
    with pytest.raises(ValueError, match="broken"), places.take("key_a"):
        raise ValueError("broken")
    places.expect_one("key_a")


def test_while_there_are_no_keys_all_may_be_taken() -> None:
    places = Places(2, "uploads come in")
    with places.take(None), places.take(None), pytest.raises(TooMany, match="2 uploads"):
        places.expect_one(None)


def test_a_key_that_follows_as_much_as_it_may_is_refused(
    client: TestClient, services: Services
) -> None:
    vars(services)["watch"] = watch = Watch(services.watch._look, most=2)
    key = new_key(services.database, "read", "submit")
    path = client.post("/v1/jobs", json=REQUEST, headers=key).headers["location"]
    with services.database.read() as session:
        (known,) = list_keys(session)
    with watch._places.take(known.id):
        answer = client.get(f"{path}/events", headers=key)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "for your key" in answer.json()["detail"]
