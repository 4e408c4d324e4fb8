"""What all tests share: one thread for torch, times that differ, a browser."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, event

from tests.chromium import CHROMIUM

# One thread each, so that tests beside others stay quick. Read when torch and NumPy are first
# imported, here and in the processes that tests start.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

_TICK_S = 0.001  # of SQLite's clock


@pytest.fixture(scope="session", autouse=True)
def _no_two_writes_at_one_time() -> Iterator[None]:
    """Lets a commit to SQLite take as long as its clock needs: what has one time has any order."""

    def wait(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            time.sleep(_TICK_S)

    event.listen(Engine, "commit", wait)
    yield
    event.remove(Engine, "commit", wait)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    there_is_none = pytest.mark.skip(reason="there is no Chromium: apt-get install chromium")
    for item in items:
        if CHROMIUM is None and item.get_closest_marker("browser"):
            item.add_marker(there_is_none)
