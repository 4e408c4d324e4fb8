from __future__ import annotations

import sys

import pytest

from stillhouse import doctor
from stillhouse.doctor import Finding, look_here


def programs(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(doctor, "program", lambda _: [sys.executable, "-c", source])
    monkeypatch.setattr(doctor, "_PROGRAMS", {"app.doctor": "this machine"})


LINE = """print('{"check": "home", "state": "ok", "found": "it is", "remedy": ""}', flush=True)"""


def test_findings_of_a_program_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    programs(monkeypatch, LINE)
    assert list(look_here({})) == [Finding("this machine", "home", "ok", "it is")]


def test_a_program_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    programs(monkeypatch, f"{LINE}; import brewery")
    first, second = look_here({})
    assert first.check == "home"
    assert (second.state, second.check) == ("wrong", "python -m app.doctor")
    assert "No module named 'brewery'" in second.found


def test_a_program_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    programs(monkeypatch, f"{LINE}; import time; time.sleep(600)")
    monkeypatch.setattr(doctor, "_PATIENCE_S", 1.0)
    first, second = look_here({})
    assert (first.check, second.state) == ("home", "wrong")
    assert "longer than 1 s" in second.found
