from __future__ import annotations

from io import StringIO

from rich.console import Console

from stillhouse.estimate_table import estimate_table
from tests.stillhouse.fake_server import Document, estimate_result, infeasible_result


def lines(result: Document) -> list[str]:
    console = Console(width=80, file=StringIO(), highlight=False)
    with console.capture() as captured:
        console.print(estimate_table(result))
    return [line.rstrip() for line in captured.get().splitlines()]


def row(result: Document, start: str) -> str:
    told = [" ".join(line.split()) for line in lines(result)]
    (found,) = [line for line in told if line.startswith(start)]
    return found


def test_what_shrinks_and_what_does_not_is_told() -> None:
    result = estimate_result()
    told = "\n".join(lines(result))
    assert "8 channel groups: conv8 64, conv7 56" in told
    assert "2 more" in told
    assert row(result, "frozen") == "frozen sort: operator 'aten.sort' is not known"
    assert row(estimate_result(frozen={}), "frozen") == "frozen nothing"
    many = {f"sort{n}": "not known" for n in range(9)}
    assert "and 3 more" in "\n".join(lines(estimate_result(frozen=many)))


def test_the_sizes_stand_in_rows_of_one_line() -> None:
    result = estimate_result()
    assert row(result, "teacher 272k") == "teacher 272k 2.5M 1.09M 42.4k 0.5 ms"
    assert row(result, "smallest").startswith("smallest 2.72k 1.0% 25k 1.0%")
    assert row(result, "median and") == "median and largest: by parameters, of those drawn"
    assert row(result, "smallest").endswith("0.02 ms")
    assert max(map(len, lines(result))) <= 80


def test_constraints_that_are_kept_come_with_their_share() -> None:
    told = row(estimate_result(), "feasible")
    assert told == "feasible parameters ≤ 27.2k: 55.0% of 2,000 drawn students keep it"
    free = estimate_result()["constraints"] | {"limits": {}}
    assert row(estimate_result(constraints=free), "no constraints")
    rare = estimate_result()["constraints"] | {"feasible_share": 0.0}
    assert "none of 2,000 drawn" in row(estimate_result(constraints=rare), "feasible")


def test_constraints_that_none_keeps_come_with_the_nearest() -> None:
    told = "\n".join(lines(infeasible_result()))
    assert "infeasible  parameters ≤ 272: no student keeps it" in told
    assert "constraints.params_ratio: the nearest student has 2,724" in told
    assert row(infeasible_result(), "nearest").startswith("nearest 2.72k 1.0%")


def test_constraints_that_are_not_judged_are_said_to_be() -> None:
    limits = {"latency_ms": 0.001}
    unjudged = {"limits": limits, "feasible": None, "unjudged": ["latency_ms"]}
    open_ = estimate_result()["constraints"] | unjudged
    told = " ".join(" ".join(lines(estimate_result(constraints=open_))).split())
    assert "not judged latency ≤ 0.001 ms: too few latencies were measured" in told
    assert "keep the others" not in told
    both = open_ | {"limits": limits | {"params": 272.0}}
    told = " ".join(" ".join(lines(estimate_result(constraints=both))).split())
    assert "55.0% of those drawn keep the others" in told
    roughly = open_ | {"unjudged": []}
    assert "known too roughly" in " ".join(lines(estimate_result(constraints=roughly)))


def test_the_error_of_predicted_latencies_is_told() -> None:
    told = "\n".join(lines(estimate_result()))
    assert "2 measured, others predicted; typical error 12%" in told
    without = estimate_result()["latency"] | {"error": None}
    assert "predicted" not in "\n".join(lines(estimate_result(latency=without)))


def test_time_and_what_was_not_measured_are_told() -> None:
    result = estimate_result()
    assert row(result, "likely time").startswith("likely time 1:40 on this server (teacher 0:30")
    told = "note no latency was measured of median, largest: too slow"
    assert row(result, "note") == told
    assert not any("note" in line for line in lines(estimate_result(notes=[])))


def test_what_takes_days_is_told_in_days() -> None:
    long = dict.fromkeys(("teacher_s", "search_s", "final_s", "total_s"), 864000.0)
    assert row(estimate_result(time=long), "likely time").startswith("likely time 10 days on")
