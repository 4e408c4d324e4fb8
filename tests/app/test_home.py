from pathlib import Path

import pytest

from app.database import Database
from app.home import make_home
from app.services import Services
from app.settings import Settings


def _permissions(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def test_a_home_is_for_its_user_alone(tmp_path: Path) -> None:
    make_home(tmp_path / "deep" / "home")
    assert _permissions(tmp_path / "deep" / "home") == 0o700


def test_a_home_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o750)
    make_home(tmp_path / "home")
    Database(f"sqlite:///{tmp_path}/home/stillhouse.db").close()
    assert _permissions(tmp_path / "home") == 0o750


def test_a_home_that_can_not_be_made_is_told_of_later(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    make_home(tmp_path / "file" / "home")


@pytest.mark.parametrize("url", ["sqlite:///{home}/stillhouse.db", "postgresql://nobody@[::1]/x"])
def test_the_api_makes_one_wherever_its_database_is(tmp_path: Path, url: str) -> None:
    home = tmp_path / "home"
    environ = {"STILLHOUSE_HOME": str(home), "STILLHOUSE_DATABASE_URL": url.format(home=home)}
    services = Services.open(Settings.from_environment(environ))
    services.artifacts.put_bytes("jobs/a", b"b")
    services.database.close()
    assert _permissions(home) == 0o700


def test_what_works_on_the_database_alone_makes_one_too(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path}/home/stillhouse.db").close()
    assert _permissions(tmp_path / "home") == 0o700
