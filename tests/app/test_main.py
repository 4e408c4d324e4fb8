import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.__main__ import said_of_keys
from app.api_keys import create_key
from app.database import Database
from app.problems import NotReady
from app.settings import Settings


def _environment(home: Path, **changes: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STILLHOUSE_")}
    return inherited | {"STILLHOUSE_HOME": str(home), "STILLHOUSE_PORT": "0"} | changes


@contextmanager
def _serving(home: Path, **changes: str) -> Iterator[tuple[int, str]]:
    """Yields the API's process id and URL."""
    environment = _environment(home, **changes)
    Database(Settings.from_environment(environment).database_url).upgrade()
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if found := re.search(rb"running on http://[0-9.]+:(\d+)", line):
                    yield process.pid, f"http://127.0.0.1:{found[1].decode()}"
                    break
        finally:
            process.terminate()


def _made_key(home: Path) -> str:
    database = Database(Settings.from_environment(_environment(home)).database_url)
    database.upgrade()
    with database.write() as session:
        key = create_key(session, "ada", ["read"], None)
    database.close()
    return key


def test_a_server_without_keys_says_so_and_is_for_this_machine_alone(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    database = Database(Settings.from_environment(environment).database_url)
    database.upgrade()
    settings = Settings.from_environment(environment)
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
    environment = _environment(tmp_path, STILLHOUSE_HOST="0.0.0.0")
    Database(Settings.from_environment(environment).database_url).upgrade()
    done = subprocess.run(
        [sys.executable, "-m", "app"], env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert "stillhouse keys create --name" in line
    key = _made_key(tmp_path)
    with _serving(tmp_path, STILLHOUSE_HOST="0.0.0.0") as (_, url):
        assert httpx.get(f"{url}/v1/jobs").status_code == 401
        bearer = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{url}/v1/jobs", headers=bearer).status_code == 200


def test_the_process_is_small_quick_and_without_torch(tmp_path: Path) -> None:
    with _serving(tmp_path) as (pid, url):
        assert httpx.get(f"{url}/readyz").json() == {"status": "ready"}
        assert httpx.get(f"{url}/v1/jobs").status_code == 200
        mapped = Path(f"/proc/{pid}/maps").read_text()
        status = Path(f"/proc/{pid}/status").read_text()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    assert "pydantic_core" in mapped
    for unwanted in ("torch", "numpy", "scipy", "ray/"):
        assert f"site-packages/{unwanted}" not in mapped
    resident_mb = int(status.split("VmRSS:")[1].split()[0]) / 1024
    assert resident_mb < 150
    # The processor's time, so that a busy machine doesn't count.
    assert sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") < 2


def test_open_streams_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with _serving(tmp_path) as (pid, url):
        wanted = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
        job = httpx.post(f"{url}/v1/jobs", json=wanted).json()["id"]
        with httpx.stream("GET", f"{url}/v1/jobs/{job}/events", timeout=60) as answer:
            lines = answer.iter_lines()
            assert "event: state" in lines  # read up to there
            began = time.monotonic()
            os.kill(pid, signal.SIGTERM)
            assert not [line for line in lines if line.startswith("event")]
    assert time.monotonic() - began < 8  # of the ten seconds that answers under way may take


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
        ({"STILLHOUSE_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "can't be reached", 1),
        ({"STILLHOUSE_DATABASE_URL": "nonsense"}, "URL", 1),
        ({"STILLHOUSE_ARTIFACTS_URL": "gopher://x"}, "gopher", 1),
        ({"STILLHOUSE_HOME": "/proc/none"}, "/proc/none", 1),
    ],
)
def test_what_cannot_start_says_why_in_a_line(
    tmp_path: Path, changes: dict[str, str], words: str, code: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app"],
        env=_environment(tmp_path, **changes),
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
    lines: list[bytes] = []
    environment = _environment(tmp_path, **changes)
    Database(Settings.from_environment(environment).database_url).upgrade()
    key = _made_key(tmp_path)
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if found := re.search(rb"running on (http://[^ ]+)", line):
                break
        assert found is not None
        headers = {"Authorization": f"Bearer {key}", "X-Request-Id": "mine"}
        httpx.get(f"{found[1].decode()}/v1/jobs/nothing", headers=headers)
        process.terminate()
        lines += process.stderr.readlines()
    read = [json.loads(line) for line in lines]
    (asked,) = [line for line in read if line["logger"] == "uvicorn.access"]
    assert (asked["request_id"], asked["level"]) == ("mine", "INFO")
    assert asked["message"].endswith('"GET /v1/jobs/nothing HTTP/1.1" 404')
    assert {line["logger"] for line in read} == {"uvicorn.access", "uvicorn.error"}
