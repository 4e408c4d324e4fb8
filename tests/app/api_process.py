"""`python -m app` in tests: its environment, and one that serves."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx
import psutil

from app.database import Database
from app.settings import Settings
from benchmarks.api_process import processes_of

COMMAND = [sys.executable, "-m", "app"]


def environment_of(home: Path, **changes: str) -> dict[str, str]:
    """Returns the environment of an API with a home of its own, at any free port."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STILLHOUSE_")}
    return inherited | {"STILLHOUSE_HOME": str(home), "STILLHOUSE_PORT": "0"} | changes


def database_of(home: Path, **changes: str) -> Database:
    """Returns the database of such an API, with its tables."""
    database = Database(Settings.from_environment(environment_of(home, **changes)).database_url)
    database.upgrade()
    return database


@dataclass
class Api:
    """An API that serves.

    Attributes:
        log: the lines that it wrote so far.
    """

    process: "subprocess.Popen[bytes]"
    url: str
    log: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid

    def serving(self) -> list[psutil.Process]:
        """Returns the processes that answer, without the one that started them."""
        return processes_of(psutil.Process(self.pid))[1:]

    def connections(self, **options: object) -> dict[int, httpx.Client]:
        """Returns an open connection to each process that answers, by its id."""
        found: dict[int, httpx.Client] = {}
        deadline = time.monotonic() + 30
        while len(found) < len(serving := self.serving()):
            assert time.monotonic() < deadline, "a process takes no connections"
            client = httpx.Client(base_url=self.url, timeout=30, **options)  # type: ignore[arg-type]
            answer = client.get("/healthz")
            ours = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
            (pid,) = (one.pid for one in serving if ours in _peers(one))
            if found.setdefault(pid, client) is not client:
                client.close()
        return found


def _peers(process: psutil.Process) -> set[int]:
    return {one.raddr.port for one in process.net_connections("tcp") if one.raddr}


@contextmanager
def serving(home: Path, **changes: str) -> Iterator[Api]:
    """Yields an API over a database of its own; it has ended when this is left."""
    database_of(home, **changes).close()
    environment = environment_of(home, **changes)
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if found := re.search(rb"running on http://(\S+):(\d+)", line):
                    host = found[1].decode().replace("0.0.0.0", "127.0.0.1")
                    api = Api(process, f"http://{host}:{found[2].decode()}", [line.decode()])
                    reader = Thread(target=_read, args=(process, api.log))
                    reader.start()
                    yield api
                    break
        finally:
            process.terminate()
            if "reader" in locals():
                reader.join()


def _read(process: "subprocess.Popen[bytes]", log: list[str]) -> None:
    assert process.stderr is not None
    log.extend(line.decode() for line in process.stderr)
