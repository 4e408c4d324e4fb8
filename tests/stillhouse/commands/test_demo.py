from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from stillhouse import cli, demo


def test_the_result_is_the_last_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(
        directory: Path, _: object, console: Console, svg: Path | None, home: Path | None
    ) -> demo.Result:
        assert (svg, home) == (None, tmp_path / "home")
        console.print("watched")
        return demo.Result("job_1", 0.99, 0.97, 0.96, 0.98, 0.0349, 24, 200.4, str(directory))

    monkeypatch.setattr(demo, "run", run)
    command = ["demo", "--directory", str(tmp_path), "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(cli.app, command)
    assert done.exit_code == 0
    assert done.output.startswith("watched")
    last = done.output.splitlines()[-1]
    assert json.loads(last.removeprefix("RESULT "))["directory"] == str(tmp_path)
    told = CliRunner().invoke(cli.app, [*command, "--json"])
    assert json.loads(told.stdout)["job"] == "job_1"
    assert told.stderr.startswith("watched")
