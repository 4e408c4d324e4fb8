from __future__ import annotations

from importlib import metadata

import pytest

from stillhouse.package_checks import look_at_packages


def test_this_environment_is_as_tested() -> None:
    assert [(one.check, one.state) for one in look_at_packages()] == [
        ("Python", "ok"), ("packages", "ok")
    ]  # fmt: skip


def test_what_is_missing_or_another_version_is_told() -> None:
    def installed(name: str) -> str:
        if name == "ray":
            raise metadata.PackageNotFoundError(name)
        return "99.0" if name == "torch" else metadata.version(name)

    found = {one.found.split()[0]: one for one in look_at_packages(installed)}
    assert found["ray"].state == "wrong"
    assert (found["torch"].state, "99.0" in found["torch"].found) == ("warning", True)
    assert not any(one.found.startswith("stillhouse") for one in found.values())


def test_another_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    python, *_ = look_at_packages()
    assert (python.check, python.state) == ("Python", "warning")
