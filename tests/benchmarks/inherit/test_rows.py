from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.inherit.rows import Row, append_row, read_rows

ROW = Row("abc", 0.5, 3, ("l1", "l2"), True, 0.25, 256, {"0": 0.2}, 1.5)


def test_what_was_added_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "log.jsonl"
    assert read_rows(file, "abc") == {}
    trained = replace(ROW, accuracy={"0": 0.2, "5": 0.7}, train_s=9.0)
    for row in (ROW, trained):
        append_row(file, row)
    assert read_rows(file, "abc") == {ROW.key: ROW, trained.key: trained}
    assert ROW.key._replace(trained=True) == trained.key


def test_rows_of_another_setting_are_left_out(tmp_path: Path) -> None:
    append_row(tmp_path / "log", ROW)
    assert read_rows(tmp_path / "log", "other") == {}


def test_a_torn_last_line_stays_alone(tmp_path: Path) -> None:
    file = tmp_path / "log"
    append_row(file, ROW)
    torn = file.read_text()[:-10]
    file.write_text(f"{file.read_text()}{torn}")
    other = replace(ROW, candidate=4)
    append_row(file, other)
    assert read_rows(file, "abc") == {ROW.key: ROW, other.key: other}


def test_a_line_that_is_no_row_is_told(tmp_path: Path) -> None:
    file = tmp_path / "log"
    append_row(file, ROW)
    file.write_text(file.read_text() + "{}\n")
    with pytest.raises(ValueError, match=":2: "):
        read_rows(file, "abc")
