from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.search import __main__ as command
from benchmarks.search import runs, schedule
from tests.benchmarks.made_up_table import made_up_table

Search = Callable[..., dict[str, object]]


@pytest.fixture
def search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Search:
    """Returns a function that runs the command on a made-up table and gives its result."""
    table = made_up_table()
    sources = [("nas-bench-macro", tmp_path / "made up")]
    monkeypatch.setattr(command, "find_tables", lambda _: sources)
    monkeypatch.setattr(command, "load_table", lambda *_: table)
    monkeypatch.setattr(schedule, "_table", lambda _: table)

    def run(*arguments: str, code: int = 0) -> dict[str, object]:
        log = str(tmp_path / "log.jsonl")
        shared = ["--tables", str(tmp_path), "--processes", "1", "--evaluations", "16"]
        assert command.main([*shared, "--log", log, "--seeds", "3", *arguments]) == code
        last = capsys.readouterr().out.splitlines()[-1]
        assert last.startswith("RESULT ")
        result: dict[str, object] = json.loads(last.removeprefix("RESULT "))
        return result

    return run


def test_the_result_has_every_table_task_and_method(search: Search) -> None:
    result = search("--methods", "random,evolution", "--tasks", "score,pareto")
    assert {"benchmark", "tables", "versions", "hardware", "seeds", "evaluations"} == set(result)
    assert result["benchmark"] == "search"
    tables = result["tables"]
    assert isinstance(tables, dict)
    assert list(tables["made-up"]) == ["score", "pareto"]
    panel = tables["made-up"]["score"]
    assert set(panel["methods"]) == {"random", "evolution"}
    assert panel["best_peer"] in panel["methods"]
    assert panel["ratio"] is None
    method = panel["methods"]["random"]
    assert set(method["regret"]) == {"8", "16"}
    assert method["seeds"] == 3
    assert 1 <= method["to_target_median"] <= 17


def test_a_run_of_the_log_is_not_done_again(
    search: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    first = search("--methods", "random", "--tasks", "score")
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    log.write_text("\n".join([lines[0], lines[1], lines[2][:40]]))  # cut while it wrote
    assert search("--methods", "random", "--tasks", "score")["tables"] is not None
    assert len(log.read_text().splitlines()) == 4

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(schedule, "evaluate", never)
    again = search("--methods", "random", "--tasks", "score")
    seconds = {"propose_s"}
    assert _without(again["tables"], seconds) == _without(first["tables"], seconds)


def test_runs_of_other_code_are_done_again(
    search: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    search("--methods", "random", "--tasks", "score")
    for module in (command, schedule):
        monkeypatch.setattr(module, "version_of", lambda _: "of tomorrow")
    search("--methods", "random", "--tasks", "score")
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 6


def test_a_failed_run_is_told_and_the_others_are_kept(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runs.evaluate

    def second_fails(*arguments: object) -> object:
        if arguments[2] == 1:
            raise RuntimeError("broken")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(schedule, "evaluate", second_fails)
    tables = search("--methods", "random", "--tasks", "score", code=1)["tables"]
    assert isinstance(tables, dict)
    assert tables["made-up"]["score"]["methods"]["random"]["seeds"] == 2


def test_a_picture_is_drawn(search: Search, tmp_path: Path) -> None:
    file = tmp_path / "regret.png"
    search("--methods", "random,evolution", "--tasks", "score,pareto", "--plot", str(file))
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_tables_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--tables", str(tmp_path)]) == 2
    assert "has no table" in capsys.readouterr().err


def test_a_task_that_a_table_has_no_networks_for_is_left_out_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = made_up_table((2, 2))  # of which one network has a tenth of the parameters
    monkeypatch.setattr(command, "find_tables", lambda _: [("nas-bench-macro", tmp_path)])
    monkeypatch.setattr(command, "load_table", lambda *_: table)
    monkeypatch.setattr(schedule, "_table", lambda _: table)
    shared = ["--tables", str(tmp_path), "--log", str(tmp_path / "log"), "--processes", "1"]
    options = ["--methods", "random", "--tasks", "score,accuracy-10", "--seeds", "1"]
    assert command.main([*shared, *options]) == 0
    printed = capsys.readouterr()
    assert "made-up allows fewer than two networks for accuracy-10: left out" in printed.err
    result = json.loads(printed.out.splitlines()[-1].removeprefix("RESULT "))
    assert list(result["tables"]["made-up"]) == ["score"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--methods", "best"],
        ["--tasks", "size"],
        ["--adapter", "nas-bench-macro"],
        ["--seeds", "0"],
    ],
)
def test_what_does_not_exist_is_refused(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        command.main(["--tables", str(tmp_path), *arguments])
    assert stop.value.code == 2


def _without(value: object, names: set[str]) -> object:
    if not isinstance(value, dict):
        return value
    return {x: _without(y, names) for x, y in value.items() if x not in names}
