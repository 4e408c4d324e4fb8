"""The API by one process, as it is where one is enough."""

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import psutil

from tests.app.api_process import COMMAND, environment_of, serving
from tests.app.samples import REQUEST


def test_one_process_answers_and_open_streams_do_not_hold_up_its_end(tmp_path: Path) -> None:
    with serving(tmp_path, STILLHOUSE_API_PROCESSES="1") as api:
        assert psutil.Process(api.pid).children() == []
        job = httpx.post(f"{api.url}/v1/jobs", json=REQUEST).json()["id"]
        assert "process_resident_memory_bytes" in httpx.get(f"{api.url}/metrics").text
        with httpx.stream("GET", f"{api.url}/v1/jobs/{job}/events", timeout=60) as answer:
            lines = answer.iter_lines()
            assert "event: state" in lines  # read up to there
            began = time.monotonic()
            os.kill(api.pid, signal.SIGTERM)
            assert not [line for line in lines if line.startswith("event")]
        assert api.process.wait(20) == -signal.SIGTERM
    assert time.monotonic() - began < 8  # of the ten seconds that answers under way may take


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, STILLHOUSE_API_PROCESSES="1") as api:
        port = api.url.rpartition(":")[2]
        changes = {"STILLHOUSE_PORT": port, "STILLHOUSE_API_PROCESSES": "1"}
        done = subprocess.run(
            COMMAND, env=environment_of(tmp_path, **changes), capture_output=True, timeout=60,
            check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert b"already in use" in done.stderr
