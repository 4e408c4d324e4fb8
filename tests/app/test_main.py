import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from app.__main__ import said_of_keys
from app.api_keys import create_key
from app.problems import NotReady
from app.settings import Settings
from benchmarks.api_process import taken_mb
from tests.app.api_process import COMMAND, database_of, environment_of, serving
from tests.stillhouse.processes import eventually


def _made_key(home: Path) -> str:
    database = database_of(home)
    with database.write() as session:
        key = create_key(session, "ada", ["read"], None)
    database.close()
    return key


def test_a_server_without_keys_says_so_and_is_for_this_machine_alone(tmp_path: Path) -> None:
    database = database_of(tmp_path)
    settings = Settings.from_environment(environment_of(tmp_path))
    said = said_of_keys(settings, database)
    assert len(said.splitlines()) == 1
    assert "127.0.0.1" in said
    assert "stillhouse keys create" in said
    for host in ("0.0.0.0", "192.168.0.7", "::", "still.example"):
        with pytest.raises(NotReady, match="stillhouse keys create --name"):
            said_of_keys(replace(settings, host=host), database)
    _made_key(tmp_path)
    for host in ("127.0.0.1", "0.0.0.0"):
        assert said_of_keys(replace(settings, host=host), database) == ""
    database.close()


def test_a_server_for_other_machines_starts_with_a_key_alone(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, STILLHOUSE_HOST="0.0.0.0")
    database_of(tmp_path).close()
    done = subprocess.run(COMMAND, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert "stillhouse keys create --name" in line
    key = _made_key(tmp_path)
    with serving(tmp_path, STILLHOUSE_HOST="0.0.0.0") as api:
        url = api.url
        assert httpx.get(f"{url}/v1/jobs").status_code == 401
        bearer = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{url}/v1/jobs", headers=bearer).status_code == 200


@pytest.mark.parametrize(("processes", "most_mb", "most_s"), [("1", 150, 2), ("2", 200, 3)])
def test_the_processes_are_small_quick_and_without_torch(
    tmp_path: Path, processes: str, most_mb: int, most_s: int
) -> None:
    with serving(tmp_path, STILLHOUSE_API_PROCESSES=processes) as api:
        for client in api.connections().values() or [httpx.Client(base_url=api.url)]:
            assert client.get("/readyz").json() == {"status": "ready"}
            assert client.get("/v1/jobs").status_code == 200
        all_of_them = [psutil.Process(api.pid), *api.serving()]
        assert len(all_of_them) == (1 if processes == "1" else 3)
        for one in all_of_them:
            mapped = Path(f"/proc/{one.pid}/maps").read_text()
            assert "pydantic_core" in mapped
            for unwanted in ("torch", "numpy", "scipy", "ray/"):
                assert f"site-packages/{unwanted}" not in mapped
        assert taken_mb(all_of_them) < most_mb
        # The processor's time, so that a busy machine doesn't count.
        assert sum(sum(one.cpu_times()[:2]) for one in all_of_them) < most_s


def test_no_module_of_torch_is_imported() -> None:
    program = (
        "import sys, app.__main__;"
        "names = {name.partition('.')[0] for name in sys.modules};"
        "print(*(names & {'torch', 'numpy', 'PIL', 'networks', 'embedding', 'workers', 'alembic'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b""


@pytest.mark.parametrize(
    ("changes", "words", "code"),
    [
        ({}, "run `stillhouse db upgrade`", 1),
        ({"STILLHOUSE_PORT": "eighty"}, "STILLHOUSE_PORT", 2),
        ({"STILLHOUSE_API_PROCESSES": "0"}, "STILLHOUSE_API_PROCESSES", 2),
        ({"STILLHOUSE_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "can't be reached", 1),
        ({"STILLHOUSE_DATABASE_URL": "nonsense"}, "STILLHOUSE_DATABASE_URL", 2),
        ({"STILLHOUSE_ARTIFACTS_URL": "gopher://x"}, "gopher", 1),
        ({"STILLHOUSE_HOME": "/proc/none"}, "/proc/none", 1),
    ],
)
@pytest.mark.parametrize("processes", ["1", "2"])
def test_what_cannot_start_says_why_in_a_line(
    tmp_path: Path, changes: dict[str, str], words: str, code: int, processes: str
) -> None:
    done = subprocess.run(
        COMMAND,
        env=environment_of(tmp_path, **{"STILLHOUSE_API_PROCESSES": processes, **changes}),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code
    errors = done.stderr.decode()
    assert errors.startswith("stillhouse api: ")
    assert words in errors
    assert "Traceback" not in errors


def test_every_line_of_the_log_is_json_where_that_is_wanted(tmp_path: Path) -> None:
    changes = {"STILLHOUSE_LOG_FORMAT": "json", "STILLHOUSE_ACCESS_LOG": "1"}
    key = _made_key(tmp_path)
    with serving(tmp_path, **changes) as api:
        headers = {"Authorization": f"Bearer {key}", "X-Request-Id": "mine"}
        httpx.get(f"{api.url}/v1/jobs/nothing", headers=headers)
        os.kill(api.serving()[0].pid, signal.SIGKILL)
        assert eventually(lambda: any("SIGKILL" in line for line in api.log))
    read = [json.loads(line) for line in api.log]
    (asked,) = [line for line in read if line["logger"] == "uvicorn.access"]
    assert (asked["request_id"], asked["level"]) == ("mine", "INFO")
    assert asked["message"].endswith('"GET /v1/jobs/nothing HTTP/1.1" 404')
    (died,) = [line for line in read if line["logger"] == "app.prefork"]
    assert died["message"].startswith("process ")
    assert {line["logger"] for line in read} == {"uvicorn.access", "uvicorn.error", "app.prefork"}
