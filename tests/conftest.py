"""What all tests share: one thread for torch, so that tests beside others stay quick; a browser."""

from __future__ import annotations

import os

import pytest

from tests.chromium import CHROMIUM

# Read when torch and NumPy are first imported, here and in the processes that tests start.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    there_is_none = pytest.mark.skip(reason="there is no Chromium: apt-get install chromium")
    for item in items:
        if CHROMIUM is None and item.get_closest_marker("browser"):
            item.add_marker(there_is_none)
