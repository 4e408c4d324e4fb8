"""One thread for torch; a database and artifacts for each test; one Ray for those that need it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from tests.workers.jobs import make_home, open_home, quick_latency
from tests.workers.samples import training_data, two_digits
from tests.workers.trained import Trained, trained_teacher
from workers.data import TrainingData


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _quick_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.latencies.measure_architecture", quick_latency)


@pytest.fixture(autouse=True)
def _quick_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.exporting.try_export", lambda _: None)


@pytest.fixture(scope="session")
def data() -> TrainingData:
    return training_data(two_digits())


@pytest.fixture(scope="session")
def trained() -> Trained:
    return trained_teacher()


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    make_home(folder)
    return folder


@pytest.fixture(scope="session")
def new_home(first_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes homes that hold one cancelled job with a trained teacher."""

    def new() -> Path:
        folder = tmp_path_factory.mktemp("home")
        return Path(shutil.copytree(first_home, folder, dirs_exist_ok=True))

    return new


@pytest.fixture
def home(new_home: Callable[[], Path]) -> Path:
    return new_home()


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    database, _ = open_home(home)
    yield database
    database.close()


@pytest.fixture
def artifacts(home: Path) -> Artifacts:
    return open_home(home)[1]


@pytest.fixture(scope="session")
def ray_address() -> Iterator[str]:
    """A Ray of two CPUs; all of its processes end with the tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets' paths must be short
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--num-cpus=2"]
    command += [f"--port={port}", "--node-ip-address=127.0.0.1", f"--temp-dir={folder}"]
    command += ["--include-dashboard=false", f"--object-store-memory={200 * 2**20}"]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    started = subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        assert started.wait(timeout=120) == 0
        yield f"127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
