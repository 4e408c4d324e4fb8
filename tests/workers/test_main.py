import logging
from pathlib import Path

import pytest

from app.database import Database
from stillhouse.ray_node import RayNode
from stillhouse.serving import Place, services
from workers.__main__ import NO_RAY, connect, main


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_ADDRESS", "STILLHOUSE_RAY_ADDRESS", "STILLHOUSE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path))
    monkeypatch.setattr("workers.__main__.write_logs", lambda _: None)  # the tests read them


def test_without_tables_it_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    assert main() == 1
    assert "stillhouse db upgrade" in caplog.text


def test_a_home_that_it_makes_is_for_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    assert main() == 1
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_without_a_named_cluster_it_joins_no_stranger_s(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Database(f"sqlite:///{tmp_path}/stillhouse.db").upgrade()
    with caplog.at_level(logging.ERROR):
        assert main() == NO_RAY
    assert "set RAY_ADDRESS=HOST:PORT" in caplog.text


def test_a_setting_that_can_t_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STILLHOUSE_LEASE_S", "soon")
    assert main() == 2
    assert "STILLHOUSE_LEASE_S" in caplog.text


def test_serve_knows_the_exit_code_that_blames_ray(tmp_path: Path) -> None:
    place = Place(tmp_path, "127.0.0.1", 0, {})
    listed = {s.name: s for s in services(place, RayNode.for_home(tmp_path, None))}
    assert listed["coordinator"].blames == {NO_RAY: "ray"}


def test_no_address_is_no_connection() -> None:
    with pytest.raises(ConnectionError, match="no Ray cluster is named"):
        connect(None)
