from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse import ray_node
from stillhouse.errors import CannotServe
from stillhouse.ray_node import RayNode


@pytest.fixture(autouse=True)
def _temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_node, "_TEMPORARY", tmp_path)


def test_a_long_home_still_gives_sockets_a_short_path() -> None:
    name = ray_node._directory(Path("/" + "x" * 200)).name
    socket = f"/tmp/{name}/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store.12345"
    assert len(socket) <= 107


def test_two_homes_have_two_nodes(tmp_path: Path) -> None:
    one, two = (RayNode.for_home(tmp_path / name) for name in ("a", "b"))
    assert one.directory != two.directory
    assert one.port != two.port
    assert one.token != two.token


def test_what_an_earlier_node_left_is_removed(tmp_path: Path) -> None:
    left = RayNode.for_home(tmp_path / "home").directory / "session_old"
    left.mkdir()
    node = RayNode.for_home(tmp_path / "home")
    assert not left.exists()
    assert node.directory.stat().st_mode & 0o777 == 0o700
    node.clear()
    assert not node.directory.exists()


def test_a_folder_that_is_not_ours_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RayNode.for_home(tmp_path / "home")
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(CannotServe, match="not ours"):
        RayNode.for_home(tmp_path / "home")


def test_it_listens_on_the_loopback_address_for_holders_of_its_token(tmp_path: Path) -> None:
    node = RayNode(tmp_path, 6380, cpus=3, token="secret")
    assert "--node-ip-address=127.0.0.1" in node.command
    assert {"--port=6380", "--num-cpus=3", f"--temp-dir={tmp_path}"} <= set(node.command)
    environment = node.environment({"PATH": "/bin"})
    assert environment["PATH"] == "/bin"
    assert environment["RAY_ADDRESS"] == "127.0.0.1:6380"
    assert (environment["RAY_AUTH_MODE"], environment["RAY_AUTH_TOKEN"]) == ("token", "secret")
    assert "secret" not in repr(node)
    assert "secret" not in " ".join(node.command)


@pytest.mark.parametrize(("total_gib", "stored_mib"), [(0.5, 128), (4, 512), (64, 1024)])
def test_the_object_store_is_a_share_of_the_memory(
    monkeypatch: pytest.MonkeyPatch, total_gib: float, stored_mib: int
) -> None:
    memory = type("Memory", (), {"total": int(total_gib * 2**30)})
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    assert ray_node._object_store_bytes() == stored_mib * 2**20


def test_it_is_ready_once_it_is_named_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = RayNode(tmp_path, 6380, cpus=1)
    monkeypatch.setattr("stillhouse.ports.answers", lambda *_: True)
    assert not node.ready()
    (tmp_path / "ray_current_cluster").touch()
    assert node.ready()
