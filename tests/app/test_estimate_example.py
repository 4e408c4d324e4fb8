import pytest

from app.estimate_body import EstimateBody
from app.estimate_example import ESTIMATE

SPACE, LIMITS = ESTIMATE["result"]["space"], ESTIMATE["result"]["constraints"]


def test_it_is_a_whole_body_and_nothing_else() -> None:
    body = EstimateBody.model_validate(ESTIMATE).model_dump(mode="json")
    assert body | {"request": ESTIMATE["request"]} == ESTIMATE


def test_its_shares_are_of_its_teacher() -> None:
    teacher = ESTIMATE["result"]["teacher"]
    for size in ("smallest", "median", "largest"):
        for cost in ("params", "macs"):
            share = SPACE[size][cost] / teacher[cost]
            assert SPACE[size][f"{cost}_ratio"] == pytest.approx(share, abs=1e-4)
    asked = ESTIMATE["request"]["constraints"]["params_ratio"]
    assert LIMITS["limits"]["params"] == int(asked * teacher["params"])


def test_its_histogram_counts_what_was_drawn_and_what_keeps_the_limits() -> None:
    (counted,) = SPACE["histogram"].values()
    assert len(counted["edges"]) == len(counted["counts"]) + 1 == len(counted["kept"]) + 1
    assert sum(counted["counts"]) == SPACE["drawn"]
    assert sum(counted["kept"]) == LIMITS["feasible_share"] * SPACE["drawn"]
