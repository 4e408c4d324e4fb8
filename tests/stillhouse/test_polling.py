from __future__ import annotations

import itertools

import pytest

from stillhouse.errors import WaitedTooLong
from stillhouse.polling import wait_for


def test_it_is_asked_again_until_it_is_done() -> None:
    numbers, slept = itertools.count(), list[float]()
    found = wait_for(
        lambda: next(numbers), lambda n: n == 3, "counting", 60.0, clock=lambda: 0.0,
        sleep=slept.append,
    )  # fmt: skip
    assert (found, len(slept)) == (3, 3)


def test_what_takes_too_long_is_told() -> None:
    seconds = itertools.count()
    with pytest.raises(WaitedTooLong, match=r"counting is not done after 5 s; is a coordinator"):
        wait_for(
            lambda: 0, bool, "counting", 5.0, clock=lambda: float(next(seconds)),
            sleep=lambda _: None,
        )  # fmt: skip
