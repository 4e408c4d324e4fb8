"""One thread for torch; a database and artifacts for each test; one Ray for those that need it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from tests.workers.jobs import make_home, open_home, quick_latency
from tests.workers.ray_nodes import RayNode, ray_head
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
def ray_node() -> Iterator[RayNode]:
    """A Ray of one node with two CPUs; all of its processes end with the tests."""
    with ray_head(cpus=2) as node:
        yield node


@pytest.fixture(scope="session")
def ray_address(ray_node: RayNode) -> str:
    return ray_node.address
