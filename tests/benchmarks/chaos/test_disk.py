import os
from pathlib import Path

import pytest

from benchmarks.chaos.disk import small_disk


def test_a_full_disk_takes_nothing_until_it_is_freed(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    with small_disk(folder) as disk:
        if disk is None:
            pytest.skip("mounting a disk in memory isn't allowed here")
        disk.fill()
        assert os.statvfs(folder).f_bavail == 0
        with pytest.raises(OSError, match="No space left"):
            (folder / "one").write_bytes(b"x")
        disk.free()
        (folder / "one").write_bytes(b"x")
    assert list(folder.iterdir()) == []  # it was a disk of its own
