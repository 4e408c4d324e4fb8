from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from stillhouse import CannotServe
from stillhouse.ray_node import RayNode
from stillhouse.serving import Place, services, serving
from tests.stillhouse.processes import eventually, gone, tree
from tests.stillhouse.servers import coordinators, served

REQUEST = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}


def place(home: Path, port: int = 8000, host: str = "127.0.0.1") -> Place:
    return Place(home, host, port, dict(os.environ))


def test_coordinators_get_rays_address_and_token_and_the_api_does_not(tmp_path: Path) -> None:
    node = RayNode(tmp_path, 6380, cpus=1, token="secret")
    ray, api, coordinator = services(place(tmp_path), node)
    assert [service.name for service in (ray, api, coordinator)] == ["ray", "api", "coordinator"]
    assert coordinator.environment["STILLHOUSE_RAY_ADDRESS"] == "127.0.0.1:6380"
    assert coordinator.environment["RAY_AUTH_TOKEN"] == "secret"
    assert coordinator.needs == ("ray",)
    assert (api.niceness, coordinator.niceness, ray.niceness) == (0, 10, 15)
    assert "secret" not in api.environment.values()
    assert {api.environment["STILLHOUSE_HOME"], coordinator.environment["STILLHOUSE_HOME"]} == {
        str(tmp_path)
    }


def test_a_server_for_all_addresses_is_reached_on_this_machine(tmp_path: Path) -> None:
    assert place(tmp_path, 81, "0.0.0.0").url == "http://127.0.0.1:81"
    assert place(tmp_path, 81, "192.0.2.7").url == "http://192.0.2.7:81"


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(CannotServe, match="can't listen"),
        serving(place(tmp_path, server.getsockname()[1]), print),
    ):
        pass
    assert not (tmp_path / "stillhouse.db").exists()


@pytest.mark.cluster
def test_what_is_killed_comes_back_and_all_ends_with_serve(tmp_path: Path) -> None:
    with served(tmp_path) as (serve, client):
        job = client.submit(REQUEST).cancel()
        (old,) = coordinators(serve.pid)
        old.kill()
        assert eventually(lambda: bool(set(coordinators(serve.pid)) - {old}))
        processes = tree(serve.pid)
        assert len(processes) > 8
        serve.kill()
        assert eventually(lambda: gone(processes), 30)
    with served(tmp_path) as (again, client):
        assert client.job(job.id).state == "cancelled"
        processes = tree(again.pid)
        again.terminate()
        assert again.wait(30) == 0
        assert gone(processes)
