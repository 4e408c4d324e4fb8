"""Whether there is room for more: a quota of the artifacts, and space that stays free on disk."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from app.artifacts import Artifacts
from app.problems import StorageFull
from app.settings import Settings

_COUNTED_FOR_S = 60.0  # to count the files takes a second for each 100,000
_MIB = 2**20


class Storage:
    """Refuses what would not fit. What is there already goes on: trials are never refused."""

    def __init__(
        self,
        settings: Settings,
        artifacts: Artifacts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._artifacts = artifacts
        self._clock = clock
        self._counted: tuple[float, int] | None = None

    def expect_room(self, incoming_bytes: int = 0) -> None:
        """Checks that there is room to receive so many bytes and to store them.

        Raises:
            StorageFull: they would break the quota, or leave less free than has to stay.
        """
        self.expect_room_to_receive(incoming_bytes)
        self.expect_room_to_store(incoming_bytes)

    def expect_room_to_receive(self, incoming_bytes: int = 0) -> None:
        """Checks that the home's disk has room for so many bytes; raises `StorageFull`."""
        self._expect_free(self._settings.home, incoming_bytes)

    def expect_room_to_store(self, incoming_bytes: int) -> None:
        """Checks that the artifacts may take so many bytes more; raises `StorageFull`."""
        if self._artifacts.local_folder is not None:
            self._expect_free(self._artifacts.local_folder, incoming_bytes)
        most = self._settings.max_artifacts_bytes
        if most and (used := self._used_bytes()) + incoming_bytes > most:
            raise StorageFull(
                f"the artifacts take {_mib(used)} of the {_mib(most)} that they may"
                " (STILLHOUSE_MAX_ARTIFACTS_BYTES); `stillhouse db prune` tells what can go"
            )

    def _expect_free(self, folder: Path, incoming_bytes: int) -> None:
        free = shutil.disk_usage(nearest(folder)).free - incoming_bytes
        if free < self._settings.min_free_bytes:
            raise StorageFull(
                f"the disk of {folder} has too little left:"
                f" {_mib(self._settings.min_free_bytes)} have to stay free"
                " (STILLHOUSE_MIN_FREE_BYTES); `stillhouse db prune` tells what can go"
            )

    def _used_bytes(self) -> int:
        """Returns what the artifacts took at most a minute ago."""
        now = self._clock()
        if self._counted is None or now - self._counted[0] >= _COUNTED_FOR_S:
            self._counted = (now, sum(file.bytes for file in self._artifacts.files()))
        return self._counted[1]


def nearest(folder: Path) -> Path:
    """Returns the folder, or the first one above it that is there yet."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def _mib(size: int) -> str:
    return f"{size / _MIB:,.0f} MiB"
