import math
from collections.abc import Callable

import pytest

from benchmarks.train import rounds
from benchmarks.train.rounds import Mean, interleave, ratio


def test_loops_take_turns_after_one_run_each(monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = [0.0], []

    def loop(name: str, images: int, seconds: float) -> Callable[[], int]:
        def run() -> int:
            calls.append(name)
            now[0] += seconds
            return images

        return run

    monkeypatch.setattr(rounds, "CLOCKS", {"wall": lambda: now[0]})
    speeds = interleave({"slow": loop("slow", 10, 2.0), "fast": loop("fast", 30, 1.0)}, 3)
    assert calls == ["slow", "fast"] * 4
    assert speeds == {"wall": {"slow": [5.0] * 3, "fast": [30.0] * 3}}


def test_a_ratio_is_of_one_round() -> None:
    found = ratio({"a": [2.0, 6.0, 4.0], "b": [1.0, 2.0, 4.0]}, "a", "b")
    assert found.mean == pytest.approx(2.0)
    assert found.error == pytest.approx(1 / math.sqrt(3))
    assert found.n == 3


def test_a_mean_is_told_with_its_error() -> None:
    assert str(Mean.of([1.0, 2.0])) == "1.5 ± 0.5"
