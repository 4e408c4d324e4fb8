from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.inherit import __main__ as command
from benchmarks.inherit import schedule
from tests.benchmarks.inherit.samples import write_cifar, write_teacher


def test_a_cut_benchmark_goes_on_and_ends_with_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule, "RATIOS", (0.1,))
    write_cifar(tmp_path)
    write_teacher(tmp_path / "teacher")
    log = tmp_path / "log.jsonl"
    arguments = ["--cifar", str(tmp_path), "--log", str(log), "--candidates", "1"]
    arguments += ["--teacher", str(tmp_path / "teacher")]
    arguments += ["--epochs", "1", "--images", "40"]
    assert command.main([*arguments, "--minutes", "0"]) == 0
    cut = log.read_text().splitlines()
    assert len(cut) == 1
    assert command.main(arguments) == 0
    whole = log.read_text().splitlines()
    assert whole[:1] == cut
    assert command.main(arguments) == 0
    assert log.read_text().splitlines() == whole
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("RESULT ")
    result = json.loads(last.removeprefix("RESULT "))
    assert result["benchmark"] == "inherit"
    assert result["accuracy"]["0.1"]["1"]["adaptive"]["n"] == 1
    assert result["images"] == 40
    assert 0 <= result["teacher_accuracy"] <= 1
    assert result["versions"]["torch"]
