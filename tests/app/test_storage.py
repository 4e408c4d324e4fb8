import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.problems import StorageFull
from app.settings import Settings
from app.storage import Storage


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "not made yet" / "home",
        database_url="sqlite://",
        artifacts_url=f"file://{tmp_path}/artifacts",
    )


def _storage(settings: Settings, min_free_bytes: int) -> Storage:
    settings = replace(settings, min_free_bytes=min_free_bytes)
    return Storage(settings, Artifacts(settings.artifacts_url))


def test_without_limits_there_is_room(settings: Settings) -> None:
    _storage(settings, min_free_bytes=0).expect_room()


def test_some_of_the_disk_stays_free(settings: Settings, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    storage = _storage(settings, min_free_bytes=free // 2)
    storage.expect_room(free // 4)
    with pytest.raises(StorageFull, match="STILLHOUSE_MIN_FREE_BYTES"):
        storage.expect_room(free * 3 // 4)


def test_the_artifacts_disk_counts_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "artifacts").mkdir()

    def usage(folder: Path) -> shutil._ntuple_diskusage:
        return shutil._ntuple_diskusage(100, 0, 5 if folder.name == "artifacts" else 100)

    monkeypatch.setattr("app.storage.shutil.disk_usage", usage)
    with pytest.raises(StorageFull, match="artifacts"):
        _storage(settings, min_free_bytes=10).expect_room()


def test_a_quota_is_kept_and_counted_once_a_minute(settings: Settings) -> None:
    artifacts = Artifacts(settings.artifacts_url)
    artifacts.put_bytes("students/a/b", bytes(100))
    limited = replace(settings, max_artifacts_bytes=150, min_free_bytes=0)
    now = [0.0]
    storage = Storage(limited, artifacts, lambda: now[0])
    storage.expect_room(50)
    with pytest.raises(StorageFull, match="STILLHOUSE_MAX_ARTIFACTS_BYTES"):
        storage.expect_room(51)
    artifacts.put_bytes("students/a/c", bytes(100))
    now[0] = 59.0
    storage.expect_room()
    now[0] = 60.0
    with pytest.raises(StorageFull):
        storage.expect_room()
    artifacts.delete("students/a/c")
    now[0] = 120.0
    storage.expect_room()
