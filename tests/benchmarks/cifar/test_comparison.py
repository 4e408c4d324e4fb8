from __future__ import annotations

import json
import math

import pytest

from benchmarks.cifar.comparison import aim_of, figure, races, result, text
from benchmarks.cifar.runs import Key, Run
from tests.benchmarks.cifar.samples import final, run

RANDOM = run(0, "random", [0.5, 0.6, 0.7, 0.65])
AT_ONCE = run(0, "embedding", [0.72, 0.8])
LATE = run(1, "embedding", [0.5, 0.6, 0.65, 0.66, 0.66, 0.7])
NEVER = run(1, "embedding", [0.5, 0.6, 0.65])
RANDOM_1 = run(1, "random", [0.7, 0.5])


def _known(*runs: Run) -> dict[Key, Run]:
    return {one.key: one for one in runs}


def test_a_race_is_of_one_seeds_two_searches() -> None:
    first, second = races(_known(RANDOM, AT_ONCE, LATE, RANDOM_1, run(2, "random", [0.5])))
    assert (first.seed, first.score, first.random_s) == (0, 0.7, 100.0)
    assert (first.reached_s, first.share) == (10.0, 0.1)
    assert (second.seed, second.reached_s, second.share) == (1, 60.0, 0.6)


def test_a_score_that_is_never_reached_is_charged_the_whole_search() -> None:
    (race,) = races(_known(NEVER, RANDOM_1))
    assert (race.reached_s, race.share) == (None, 1.0)


def test_the_aim_is_a_mean_of_at_most_a_half_with_every_score_reached() -> None:
    aim = aim_of(races(_known(RANDOM, AT_ONCE, LATE, RANDOM_1)))
    assert aim == {
        "share": {"n": 2, "mean": 0.35, "se": 0.25},
        "median": 0.35,
        "reached": 2,
        "within_half": 1,
        "of": 2,
        "holds": True,
    }
    assert not aim_of(races(_known(LATE, RANDOM_1)))["holds"]
    assert not aim_of([])["holds"]


def test_one_missed_seed_breaks_the_aim_whatever_the_others_did() -> None:
    others = [run(seed, "embedding", [0.9]) for seed in range(2, 9)]
    peers = [run(seed, "random", [0.5]) for seed in range(2, 9)]
    aim = aim_of(races(_known(NEVER, RANDOM_1, *others, *peers)))
    assert (aim["reached"], aim["of"], aim["holds"]) == (7, 8, False)


def test_figures_are_means_with_standard_errors() -> None:
    assert figure([]) == {"n": 0}
    assert figure([2.0]) == {"n": 1, "mean": 2.0}
    assert figure([1.0, 2.0, 6.0]) == {
        "n": 3,
        "mean": 3.0,
        "se": pytest.approx(math.sqrt(7 / 3), abs=1e-4),
    }


def test_the_result_has_each_methods_figures() -> None:
    other = run(1, "random", [0.7, None], final=final(score=0.8, test_accuracy=0.6), wall_s=170)
    found = result(_known(RANDOM, AT_ONCE, other))
    methods = found["methods"]
    assert isinstance(methods, dict)
    assert set(methods) == {"embedding", "random"}
    assert methods["random"]["trials"] == {"n": 2, "mean": 3.0, "se": 1.0}
    assert methods["random"]["stopped"]["mean"] == 0.5
    assert methods["random"]["test_accuracy"] == {"n": 2, "mean": 0.65, "se": 0.05}
    assert methods["random"]["wall_s"]["mean"] == 165
    assert methods["random"]["best_s"]["mean"] == 20.0  # 30 s and 10 s
    assert methods["random"]["preparing_s"]["mean"] == 20.0
    assert methods["random"]["final_training_s"]["mean"] == 20.0
    assert found["code"] == ["c0de"]
    assert found["precisions"] == ["float32/contiguous, 1 threads"]
    json.dumps(found, allow_nan=False)


def test_the_table_tells_each_method_and_race() -> None:
    told = text(_known(RANDOM, AT_ONCE, NEVER, RANDOM_1)).splitlines()
    assert [line.split()[0] for line in told[1:3]] == ["embedding", "random"]
    assert told[-2].endswith("was reached after 10 s: 0.10 of the time")
    assert "never" in told[-1]
