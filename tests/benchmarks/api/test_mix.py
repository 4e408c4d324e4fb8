from collections import Counter
from random import Random

from benchmarks.api.mix import WEIGHTS, Mix, User

USERS = [
    User("sth_a", ("job_a", "job_live"), None, "/v1/students/std_a/files/x", 10**6, 2.0),
    User("sth_b", ("job_b",), "job_waits", "/v1/students/std_b/files/x", 10**6, 1.0),
]


def test_each_kind_comes_as_often_as_its_weight_says() -> None:
    mix = Mix(USERS, Random(0))
    drawn = Counter(mix.next().kind for _ in range(20_000))
    total = sum(WEIGHTS.values())
    assert total == 1000
    assert all(abs(drawn[kind] / 20_000 - n / total) < 0.01 for kind, n in WEIGHTS.items())


def test_a_user_asks_for_what_is_its_own() -> None:
    mix = Mix(USERS, Random(1))
    for wanted in (mix.next() for _ in range(2000)):
        other = "_b" if wanted.user == 0 else "_a"
        assert other not in wanted.path
        assert "job_live" not in wanted.path or wanted.user == 0


def test_a_waiting_job_is_paused_and_resumed_in_turn() -> None:
    mix = Mix(USERS, Random(2))
    drawn = (mix.next() for _ in range(5000))
    paths = [wanted.path for wanted in drawn if wanted.kind == "pause or resume"]
    assert len(paths) > 10
    assert set(paths[::2]) == {"/v1/jobs/job_waits/pause"}
    assert set(paths[1::2]) == {"/v1/jobs/job_waits/resume"}


def test_the_same_seed_draws_the_same() -> None:
    first, second = Mix(USERS, Random(3)), Mix(USERS, Random(3))
    assert [first.next() for _ in range(500)] == [second.next() for _ in range(500)]


def test_no_key_of_idempotency_comes_twice() -> None:
    mix = Mix(USERS, Random(4))
    drawn = (mix.next() for _ in range(10_000))
    keys = [dict(one.headers)["Idempotency-Key"] for one in drawn if one.kind == "submit"]
    assert len(keys) == len(set(keys)) > 50
