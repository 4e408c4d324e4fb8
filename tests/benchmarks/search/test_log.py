from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.search.log import append_run, read_runs
from tests.benchmarks.search.test_runs import RUN


def test_runs_are_read_by_what_they_are_of(tmp_path: Path) -> None:
    file = tmp_path / "new" / "log.jsonl"
    other = replace(RUN, seed=4)
    again = replace(RUN, version="w")
    for run in (RUN, other, again):
        append_run(file, run)
    assert read_runs(file) == {RUN.key: again, other.key: other}


def test_there_need_be_no_log(tmp_path: Path) -> None:
    assert read_runs(tmp_path / "none.jsonl") == {}


def test_a_torn_line_is_left_out_and_the_next_stands_alone(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    append_run(file, RUN)
    append_run(file, replace(RUN, seed=4))
    whole = file.read_bytes()
    for cut in (1, 2, 30, len(whole) // 2 - 2):
        file.write_bytes(whole[:-cut])
        kept = read_runs(file)
        assert RUN.key in kept
        append_run(file, replace(RUN, seed=5))
        assert set(read_runs(file)) - set(kept) == {replace(RUN, seed=5).key}


def test_a_whole_line_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text('{"rows": 3}\n')
    with pytest.raises(ValueError, match=r"log\.jsonl:1: not a run"):
        read_runs(file)
