import os
import tempfile
import time
from pathlib import Path

import pytest

from app.metrics_folder import metrics_folder

LONG_AGO = time.time() - 3600


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_empty_and_gone_afterwards(temporary: Path) -> None:
    with metrics_folder() as folder:
        assert folder.parent == temporary
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "counter_1.db").touch()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_server_left_goes_and_what_is_in_use_stays(temporary: Path) -> None:
    left, new, foreign = (temporary / name for name in _names())
    for folder in (left, new, foreign):
        folder.mkdir()
        (folder / "gauge.db").touch()
    with metrics_folder() as used:
        for folder in (left, foreign, used):
            os.utime(folder, (LONG_AGO, LONG_AGO))
        with metrics_folder() as second:
            assert sorted(temporary.iterdir()) == sorted([new, foreign, used, second])
    assert sorted(temporary.iterdir()) == sorted([new, foreign])


def _names() -> tuple[str, str, str]:
    return "stillhouse-metrics-left", "stillhouse-metrics-new", "others-metrics"
