from app import rates
from app.rates import Rates


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_key_may_ask_ten_seconds_worth_at_once_and_then_waits() -> None:
    clock = Clock()
    buckets = Rates(4, clock)
    assert [buckets.wait_s("a") for _ in range(40)] == [0.0] * 40
    assert buckets.wait_s("a") == buckets.wait_s("a") == 0.25
    assert buckets.wait_s("b") == 0.0
    clock.now += 0.125
    assert buckets.wait_s("a") == 0.125
    clock.now += 0.125
    assert [buckets.wait_s("a") for _ in range(2)] == [0.0, 0.25]
    clock.now += 1000.0
    assert [buckets.wait_s("a") for _ in range(41)] == [0.0] * 40 + [0.25]


def test_zero_is_any() -> None:
    buckets = Rates(0, Clock())
    assert {buckets.wait_s("a") for _ in range(1000)} == {0.0}


def test_the_memory_is_bounded() -> None:
    buckets = Rates(1, Clock())
    for number in range(rates._MOST_KEPT + 5):
        buckets.wait_s(f"{number}")
    assert len(buckets._buckets) <= rates._MOST_KEPT
