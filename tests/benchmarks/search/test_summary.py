from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.search.runs import Run
from benchmarks.search.summary import MethodSummary, compare, paired_p
from tests.benchmarks.search.test_regret import ACCURACY, little


def summary(to_target: list[int], level: float = 0.1) -> MethodSummary:
    regret = np.full((len(to_target), 8), level)
    return MethodSummary(
        tuple(range(len(to_target))), regret, regret, np.array(to_target), propose_s=0.5
    )


def test_runs_are_summed_up_by_seed() -> None:
    table = little()
    first = Run("t", "accuracy", "m", 0, 8, "v", "f", (0, 4), (0.5, 0.9), (1.0, 3.0))
    second = replace(first, seed=1, rows=(0, 3))
    result = MethodSummary.of(table, ACCURACY, [second, first], 8)
    assert result.seeds == (0, 1)
    assert result.found.shape == (2, 8)
    assert result.to_target.tolist() == [2, 9]
    assert result.propose_s == 2.0
    mean, error = result.regret_at(8)
    assert mean == pytest.approx(0.1)
    assert error == pytest.approx(0.1)  # of 0 and 0.2: 0.1414 / sqrt 2
    assert result.to_json()["regret"] == {"8": pytest.approx(0.1)}
    assert result.to_json()["reached"] == 1


def test_one_seed_has_no_standard_error() -> None:
    assert summary([3]).to_json()["regret_standard_error"] == {"8": None}


def test_the_best_peer_has_the_lowest_median_then_the_lowest_mean() -> None:
    methods = {
        "a": summary([4, 8, 9]),
        "b": summary([6, 8, 8]),
        "c": summary([1, 9, 9]),
        "ours": summary([2, 4, 4], 0.05),
    }
    found = compare(methods, ["a", "b", "c", "not run"])
    assert found is not None
    assert found.best_peer == "a"
    assert found.ratio == 0.5
    assert found.p_area == 0.25  # the least that three pairs can have
    assert found.ratio_is == "exact"
    without = compare({"a": methods["a"]}, ["a"])
    assert without is not None
    assert without.ratio is None
    assert compare({"ours": methods["ours"]}, ["a"]) is None


def test_of_peers_that_never_get_there_the_one_of_the_least_regret_is_the_best() -> None:
    found = compare({"a": summary([9, 9], 0.3), "b": summary([9, 9], 0.2)}, ["a", "b"])
    assert found is not None
    assert found.best_peer == "b"


def test_a_peer_that_lacks_seeds_is_not_the_best() -> None:
    methods = {"a": summary([1]), "b": summary([6, 8, 8]), "ours": summary([2, 4, 4], 0.05)}
    found = compare(methods, ["a", "b"])
    assert found is not None
    assert found.best_peer == "b"


@pytest.mark.parametrize(
    ("ours", "peer", "ratio", "ratio_is"),
    [
        ([2, 3, 4], [9, 9, 5], 3 / 9, "at most"),
        ([9, 9, 2], [4, 4, 4], 9 / 4, "at least"),
        ([9, 9, 2], [9, 9, 5], None, None),
        ([2, 2], [3, 9], 2 / 6, "at most"),
        ([2, 2], [3, 8], 2 / 5.5, "exact"),
    ],
)
def test_a_median_beyond_the_evaluations_gives_a_bound(
    ours: list[int], peer: list[int], ratio: float | None, ratio_is: str | None
) -> None:
    found = compare({"ours": summary(ours), "a": summary(peer)}, ["a"])
    assert found is not None
    assert found.ratio == (None if ratio is None else pytest.approx(ratio))
    assert found.ratio_is == ratio_is


def test_the_p_value_is_of_pairs() -> None:
    a = np.arange(10.0)
    assert paired_p(a, a) == 1.0
    assert paired_p(a[:1], a[:1] + 1) is None
    assert paired_p(a, a + 1 + a / 10) == pytest.approx(2 / 2**10)
