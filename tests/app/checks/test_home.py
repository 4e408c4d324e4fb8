import fcntl
from dataclasses import replace
from pathlib import Path

import pytest

from app.checks.home import look_at_disk, look_at_home
from app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"STILLHOUSE_HOME": str(tmp_path)})


def test_a_home_that_works_is_left_as_it_was(settings: Settings) -> None:
    assert look_at_home(settings).state == "ok"
    assert list(settings.home.iterdir()) == []


def test_a_home_that_is_not_there_is_not_made(settings: Settings) -> None:
    away = replace(settings, home=settings.home / "a" / "b")
    assert look_at_home(away).state == "warning"
    assert not (settings.home / "a").exists()


@pytest.mark.parametrize("home", ["/proc/none", "/dev/null/home"])
def test_a_home_that_cannot_be_written_is_wrong(settings: Settings, home: str) -> None:
    found = look_at_home(replace(settings, home=Path(home)))
    assert (found.state, "STILLHOUSE_HOME" in found.remedy) == ("wrong", True)


def test_locks_that_are_none_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    found = look_at_home(settings)
    assert (found.state, "same lock" in found.found) == ("wrong", True)


def test_a_disk_that_is_nearly_full_is_wrong(settings: Settings) -> None:
    assert {one.state for one in look_at_disk(replace(settings, min_free_bytes=2**60))} == {"wrong"}
    assert "wrong" not in {one.state for one in look_at_disk(replace(settings, min_free_bytes=0))}
