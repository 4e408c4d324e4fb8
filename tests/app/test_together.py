"""The API by two processes, as users run it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from app.api_keys import create_key, revoke_key
from tests.app.api_process import (
    COMMAND,
    Api,
    database_of,
    environment_of,
    serving,
)
from tests.app.samples import REQUEST
from tests.stillhouse.processes import eventually, gone

WITHIN_S = 1.0  # that a key may be remembered


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("home"), STILLHOUSE_API_PROCESSES="2") as found:
        yield found


def _told(client: httpx.Client, name: str, **labels: str) -> float:
    text = client.get("/metrics").raise_for_status().text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_both_answer_and_each_tells_the_metrics_of_both(api: Api) -> None:
    clients = api.connections()
    assert len(clients) == 2
    job = next(iter(clients.values())).post("/v1/jobs", json=REQUEST).json()["id"]
    for number, client in enumerate(clients.values(), 1):
        for _ in range(3 * number):
            assert client.get(f"/v1/jobs/{job}").status_code == 200
    counted = "stillhouse_http_request_duration_seconds_count"
    for client in clients.values():
        assert _told(client, counted, route="/v1/jobs/{job_id}", method="GET") == 9
        assert _told(client, "stillhouse_jobs", state="queued") == 1
        assert _told(client, "stillhouse_http_requests_in_progress") == 1


def test_what_processes_take_is_that_of_all(api: Api) -> None:
    (client, _) = api.connections().values()
    all_of_them = [psutil.Process(api.pid), *api.serving()]
    resident = _told(client, "process_resident_memory_bytes")
    assert max(one.memory_info().rss for one in all_of_them) < resident
    assert resident < sum(one.memory_info().rss for one in all_of_them)
    began = _told(client, "process_start_time_seconds")
    assert began == pytest.approx(all_of_them[0].create_time(), abs=1)


def test_streams_are_counted_together_and_those_of_a_dead_process_no_more(api: Api) -> None:
    held = {"name": "stillhouse_http_held_requests", "kind": "stream"}
    (first, doomed), (second, client) = api.connections().items()
    job = client.post("/v1/jobs", json=REQUEST).json()["id"]
    path = f"/v1/jobs/{job}/events"
    spare = httpx.Client(base_url=api.url, timeout=30)
    with client.stream("GET", path) as ours, doomed.stream("GET", path) as theirs:
        lines = [answer.iter_lines() for answer in (ours, theirs)]
        assert all("event: state" in stream for stream in lines)
        assert _told(spare, **held) == 2
        os.kill(first, signal.SIGKILL)
        with pytest.raises(httpx.RemoteProtocolError):
            list(lines[1])
        assert eventually(lambda: len(api.serving()) == 2)
        clients = api.connections()
        assert set(clients) - {first, second} != set()
        for one in clients.values():
            assert _told(one, **held) == 1
    assert eventually(lambda: any("was ended by SIGKILL" in line for line in api.log))


def test_a_second_server_is_refused_the_port(api: Api, tmp_path: Path) -> None:
    port = api.url.rpartition(":")[2]
    database_of(tmp_path).close()
    for processes in ("1", "2"):
        changes = {"STILLHOUSE_PORT": port, "STILLHOUSE_API_PROCESSES": processes}
        done = subprocess.run(
            COMMAND, env=environment_of(tmp_path, **changes), capture_output=True, timeout=60,
            check=False,
        )  # fmt: skip
        errors = done.stderr.decode()
        assert done.returncode == 3
        assert "in use" in errors
        assert port in errors
        assert "Traceback" not in errors


def test_a_revoked_key_opens_neither_within_a_second(tmp_path: Path) -> None:
    database = database_of(tmp_path)

    def with_key(name: str) -> str:
        with database.write() as session:
            return create_key(session, name, ["read"], None)

    keys = {name: with_key(name) for name in ("ada", "eve")}
    with serving(tmp_path, STILLHOUSE_API_PROCESSES="2") as api:
        clients = list(api.connections().values())
        assert len(clients) == 2
        for client in clients:
            for key in keys.values():
                assert _status(client, key) == 200
        with database.write() as session:
            _revoke(session, "eve")
        revoked = time.monotonic()
        for client in clients:
            assert eventually(lambda client=client: _status(client, keys["eve"]) == 401)  # type: ignore[misc]
        assert time.monotonic() - revoked < WITHIN_S + 0.5
        assert [_status(client, keys["ada"]) for client in clients] == [200, 200]
    database.close()


def _status(client: httpx.Client, key: str) -> int:
    return client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"}).status_code


def _revoke(session: Session, name: str) -> None:
    revoke_key(session, name)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_streams_open_at_both(told: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path, STILLHOUSE_API_PROCESSES="2") as api:
        clients = list(api.connections().values())
        job = clients[0].post("/v1/jobs", json=REQUEST).json()["id"]
        path = f"/v1/jobs/{job}/events"
        with clients[0].stream("GET", path) as one, clients[1].stream("GET", path) as other:
            streams = [one.iter_lines(), other.iter_lines()]
            assert all("event: state" in lines for lines in streams)
            began = time.monotonic()
            processes = api.serving()
            os.kill(api.pid, told)
            for lines in streams:
                assert not [line for line in lines if line.startswith("event")]
        assert api.process.wait(20) == (-told if told == signal.SIGTERM else 0)
        assert time.monotonic() - began < 8  # of the ten seconds that answers may take
        assert gone(processes)
    assert not any("Traceback" in line for line in api.log)


def test_nothing_of_it_outlives_a_kill(tmp_path: Path) -> None:
    changes = {"STILLHOUSE_API_PROCESSES": "3", "TMPDIR": str(tmp_path)}  # where it leaves a folder
    with serving(tmp_path, **changes) as api:
        processes = api.serving()
        assert len(processes) == 3
        os.kill(api.pid, signal.SIGKILL)
        assert eventually(lambda: gone(processes))
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{api.url}/healthz")
