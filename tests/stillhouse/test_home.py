from __future__ import annotations

import os
from pathlib import Path

import pytest

from stillhouse.errors import CannotServe
from stillhouse.home import home_of, served


def test_a_home_is_served_by_one(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    with (
        served(home),
        pytest.raises(CannotServe, match=f"served already, by process {os.getpid()}"),
        served(home),
    ):
        pass
    with served(home):
        assert home.stat().st_mode & 0o777 == 0o700


def test_a_home_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with served(tmp_path):
        assert tmp_path.stat().st_mode & 0o777 == 0o750


def test_a_home_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotServe, match="Not a directory"), served(tmp_path / "file" / "home"):
        pass


def test_the_home_comes_from_the_environment(tmp_path: Path) -> None:
    assert home_of({"STILLHOUSE_HOME": str(tmp_path)}) == tmp_path
    assert home_of({}) == Path.home() / ".stillhouse"
