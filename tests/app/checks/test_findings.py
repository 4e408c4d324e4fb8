import json
import threading

import pytest

from app.checks.findings import Check, Finding, carry_out, without_passwords, write


def _raise() -> Finding:
    raise OSError("the disk\nis gone")


def test_each_check_ends_whatever_it_meets() -> None:
    for_ever = threading.Event()
    checks = [
        Check("hangs", lambda: Finding("hangs", "ok", str(for_ever.wait())), "wake it", 0.05),
        Check("raises", _raise, "mend it"),
        Check("several", lambda: [Finding("a", "ok", ""), Finding("b", "ok", "")]),
    ]
    assert list(carry_out(checks)) == [
        Finding("hangs", "wrong", "no answer within 0.05 s", "wake it"),
        Finding("raises", "wrong", "the disk is gone", "mend it"),
        Finding("a", "ok", ""),
        Finding("b", "ok", ""),
    ]
    for_ever.set()


def test_findings_are_lines_without_passwords(capsys: pytest.CaptureFixture[str]) -> None:
    write([Finding("x", "wrong", "postgresql://ada:secret@host/db can't be reached", "start it")])
    assert json.loads(capsys.readouterr().out) == {
        "check": "x", "state": "wrong", "found": "postgresql://host/db can't be reached",
        "remedy": "start it",
    }  # fmt: skip
    assert without_passwords("file:///srv/a@b") == "file:///srv/a@b"
