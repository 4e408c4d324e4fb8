from __future__ import annotations

import json

import pytest

from stillhouse.commands.output import share, write_lines, write_table


def test_a_document_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_lines([{"a": 1}, {"b": "two\nlines"}])
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [{"a": 1}, {"b": "two\nlines"}]


def test_a_table_for_a_pipe_keeps_each_row_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_table(("name", "#score"), [("x" * 120, "1"), ("[bold]", "22")])
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["x" * 120, "1"]
    assert second.split() == ["[bold]", "22"]
    assert first.endswith("   1")


def test_a_share_is_told_as_per_cent() -> None:
    assert [share(0.5), share(None)] == ["50.00%", ""]
