from random import Random

from benchmarks.abuse.malformed import Place, malformed
from benchmarks.abuse.sockets import Outcome

PLACE = Place("127.0.0.1:8000", "sth_key")


def test_the_same_seed_makes_the_same_bytes() -> None:
    first, second = Random(7), Random(7)
    made = [malformed(PLACE, first) for _ in range(200)]
    assert made == [malformed(PLACE, second) for _ in range(200)]
    assert len({kind for kind, _ in made}) == 12
    assert all(data for _, data in made)


def test_a_connection_counts_by_its_answer_or_how_it_ended() -> None:
    outcome = Outcome()
    outcome.note("garbage", b"HTTP/1.1 400 Bad Request\r\n", True)
    outcome.note("garbage", b"", True)
    outcome.note("cut off", b"", False)
    assert outcome.number == 3
    assert (outcome.statuses["400"], outcome.closed["garbage"], outcome.open["cut off"]) == (
        1,
        1,
        1,
    )
