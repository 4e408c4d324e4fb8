"""The corpus of broken and hostile teachers, sent over HTTP and checked as it would be.

Each is refused with its own clear problem; no code of theirs runs, and the API stays small.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.settings import Settings
from benchmarks.api_process import processes_of
from stillhouse.ports import free_port
from tests.hostile.corpus import CORPUS
from tests.hostile.hostile_teacher import CANARY, HostileTeacher
from tests.workers.jobs import open_home
from workers.errands import Errands

MIB = 2**20
MOST_API_BYTES = 200 * MIB
AT_ONCE = 2
LONG_S = 240
# Of each door, and of each way to be hostile, in every run of the tests.
QUICK = frozenset(
    {
        "nan_weight",
        "reads_a_file",
        "name_of_an_operator_of_4_mb",
        "billion_parameters",
        "external_data_outside",
        "doubling_bomb",
        "onnx_loop",
    }
)


@dataclass(frozen=True)
class Server:
    """An API process, and the checks beside it."""

    client: httpx.Client
    process: psutil.Process

    def send(self, teacher: HostileTeacher, folder: Path) -> dict[str, Any]:
        """Returns what became of the upload: the answer itself, or the teacher once checked."""
        opened = {
            field: (path.name, path.read_bytes()) for field, path in teacher.write(folder).items()
        }
        answer = self.client.post("/v1/teachers", files=opened, data=dict(teacher.fields))
        if answer.status_code != 201:
            return {"state": "rejected", "error": answer.json()}
        return self.checked(answer.headers["location"])

    def peak_bytes(self) -> int:
        """Returns the most memory that a process of the API has held since it started."""
        statuses = [Path(f"/proc/{p.pid}/status").read_text() for p in processes_of(self.process)]
        lines = [line for status in statuses for line in status.splitlines()]
        return max(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

    def checked(self, path: str) -> dict[str, Any]:
        end = time.monotonic() + LONG_S
        while time.monotonic() < end:
            body: dict[str, Any] = self.client.get(path).json()
            if body["state"] != "checking":
                return body
            time.sleep(0.1)
        raise TimeoutError(path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("hostile")
    database, artifacts = open_home(home)
    database.upgrade()
    port = free_port()
    environment = {"STILLHOUSE_HOME": str(home), "STILLHOUSE_PORT": str(port)}
    api = subprocess.Popen([sys.executable, "-m", "app"], env=os.environ | environment)
    settings = Settings.from_environment(environment)
    made = [
        Errands(database, artifacts, settings, f"coordinator {i}", "teacher")
        for i in range(AT_ONCE)
    ]
    threads = [threading.Thread(target=errands.run) for errands in made]
    for thread in threads:
        thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        _wait_until_ready(client)
        yield Server(client, psutil.Process(api.pid))
    for errands in made:
        errands.stop.set()
    for thread in threads:
        thread.join()
    api.send_signal(signal.SIGTERM)
    assert api.wait(30) in (0, -signal.SIGTERM)
    database.close()


def _wait_until_ready(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError("the API does not answer")


def _expect_refused(server: Server, teachers: list[HostileTeacher], folder: Path) -> None:
    """Sends the teachers, as many at once as are checked at once."""
    with ThreadPoolExecutor(AT_ONCE) as senders:
        sent = {
            teacher.name: senders.submit(server.send, teacher, _folder(folder, teacher))
            for teacher in teachers
        }
        wrong = [
            f"{teacher.name}: {found}"
            for teacher in teachers
            if (found := sent[teacher.name].result()) and not _is_clear(teacher, found)
        ]
    assert wrong == []
    assert list(folder.rglob(CANARY)) == []
    assert server.client.get("/v1/teachers", params={"limit": 500}).status_code == 200
    assert server.peak_bytes() < MOST_API_BYTES
    assert server.client.get("/healthz").json() == {"status": "ok"}


def _folder(folder: Path, teacher: HostileTeacher) -> Path:
    made = folder / teacher.name
    made.mkdir()
    return made


def _is_clear(teacher: HostileTeacher, found: dict[str, Any]) -> bool:
    """Whether the refusal points at the right field, and says what is wrong with it."""
    error = found["error"]
    if found["state"] != "rejected" or error is None or error["status"] != 422:
        return False
    pointers = {one["pointer"].split("/")[1] for one in error["errors"]}
    if "id" not in found:  # the form alone was enough to refuse it
        return pointers <= {teacher.where, *teacher.fields}
    return pointers == {teacher.where} and bool(re.search(teacher.says, error["detail"]))


@pytest.mark.cluster
def test_what_is_hostile_is_refused(server: Server, tmp_path: Path) -> None:
    quick = [teacher for teacher in CORPUS if teacher.name in QUICK]
    assert len(quick) == len(QUICK)
    _expect_refused(server, quick, tmp_path)


@pytest.mark.slow
def test_everything_hostile_is_refused(server: Server, tmp_path: Path) -> None:
    assert len(CORPUS) >= 40
    _expect_refused(server, list(CORPUS), tmp_path)
