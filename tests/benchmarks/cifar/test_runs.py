from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.cifar.runs import Key, Run, read_runs
from benchmarks.search.log import append_line
from tests.benchmarks.cifar.samples import run

SEARCH = run(1, "random", [0.5, None, 0.4, 0.7, 0.6])


def test_a_run_is_the_same_after_a_log() -> None:
    assert Run.from_json(json.loads(json.dumps(SEARCH.to_json()))) == SEARCH


def test_only_trials_that_were_the_best_are_progress() -> None:
    assert SEARCH.progress() == [(30.0, 0.5), (60.0, 0.7)]
    assert SEARCH.best == 0.7
    assert SEARCH.search_s == 100.0


def test_a_score_is_reached_by_the_first_trial_that_has_as_much() -> None:
    found = [SEARCH.reaching_s(score) for score in (0.1, 0.5, 0.51, 0.7)]
    assert found == [10.0, 10.0, 40.0, 40.0]  # since the search began
    assert SEARCH.reaching_s(0.71) is None


def test_a_log_gives_the_last_run_of_each_key_of_its_setting(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert read_runs(log, "s") == {}
    other, newer = run(1, "random", [0.9], setting="t"), run(1, "random", [0.8])
    for one in (SEARCH, other, newer, run(0, "embedding", [0.6])):
        append_line(log, one.to_json())
    with log.open("a") as file:
        file.write('{"seed": 1, "trials": [{"number": 0}')  # the machine stopped
    assert read_runs(log, "s") == {
        Key(1, "random"): newer,
        Key(0, "embedding"): run(0, "embedding", [0.6]),
    }


@pytest.mark.parametrize("line", ['{"seed": 1}', "[]"])
def test_a_line_that_is_no_run_is_told(tmp_path: Path, line: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(f"{json.dumps(SEARCH.to_json())}\n{line}\n")
    with pytest.raises(ValueError, match=r"log\.jsonl:2"):
        read_runs(log, "s")
