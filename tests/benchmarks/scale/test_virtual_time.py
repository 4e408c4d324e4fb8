from collections.abc import Callable

import pytest

from benchmarks.scale.virtual_time import Turn, run_in_turns


def test_the_earliest_goes_first_and_pays_for_what_it_computes() -> None:
    clock = [0.0]
    seen: list[tuple[str, float]] = []

    def work(name: str, sleeps_s: float, computes_s: float) -> None:
        def carry_out(turn: Turn) -> None:
            for _ in range(2):
                turn.sleep_until(turn.now_s + sleeps_s)
                seen.append((name, turn.now_s))
                clock[0] += computes_s

        works.append(carry_out)

    works: list[Callable[[Turn], None]] = []
    work("slow", 10.0, 1.0)
    work("quick", 4.0, 0.5)
    slow, quick = run_in_turns(works, lambda: clock[0])
    assert seen == [("quick", 4.0), ("quick", 8.0), ("slow", 10.0), ("slow", 20.0)]
    assert (slow.now_s, slow.computed_s) == (21.0, 2.0)
    assert (quick.now_s, quick.computed_s) == (8.5, 1.0)


def test_what_is_spent_counts_as_computed() -> None:
    def spend(turn: Turn) -> None:
        assert turn.spend(3.0) == 3.0

    (turn,) = run_in_turns([spend], lambda: 0.0)
    assert (turn.now_s, turn.computed_s) == (3.0, 3.0)


def test_a_failure_is_told() -> None:
    def fail(_: Turn) -> None:
        raise ArithmeticError

    with pytest.raises(RuntimeError):
        run_in_turns([fail], lambda: 0.0)
