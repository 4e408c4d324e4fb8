"""The home: a folder that can be written, on a disk with room and whose locks are locks."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from app.checks.findings import Finding
from app.settings import Settings
from app.storage import nearest

_HOME, _DISK = "home", "disk"
_ELSEWHERE = "choose another folder by STILLHOUSE_HOME or --home"
_LITTLE_BYTES = 2 * 2**30  # a search of a small network takes less
_MIB = 2**20


def look_at_home(settings: Settings) -> Finding:
    """Returns whether what is kept can be kept: files are written aside, synced and renamed."""
    home = settings.home
    place = nearest(home)
    if not place.is_dir():
        return Finding(_HOME, "wrong", f"{place} is no folder", _ELSEWHERE)
    try:
        with TemporaryDirectory(prefix=".doctor-", dir=place) as folder:
            wrong = _try_out(Path(folder))
    except OSError as error:
        told = f"{place} can't be written: {error.strerror or error}"
        return Finding(_HOME, "wrong", told, f"make it this user's (chown), or {_ELSEWHERE}")
    if wrong:
        return Finding(_HOME, "wrong", f"{place}: {wrong}", f"{_ELSEWHERE}, on a local disk")
    if place != home:
        told = f"{home} isn't there yet, and can be made"
        return Finding(_HOME, "warning", told, "`stillhouse serve` or `stillhouse db upgrade`")
    return Finding(_HOME, "ok", f"{home} can be written; its renames, syncs and locks work")


def look_at_disk(settings: Settings) -> Iterator[Finding]:
    """Yields how much is free on the disks of home and temporary files."""
    need = settings.min_free_bytes
    for what, folder in (("home", settings.home), ("temporary files", Path("/tmp"))):
        free = shutil.disk_usage(nearest(folder)).free
        told = f"{free / _MIB:,.0f} MiB are free for {what} ({nearest(folder)})"
        if free < need:
            least = f"less than STILLHOUSE_MIN_FREE_BYTES, {need / _MIB:,.0f} MiB"
            remedy = "`stillhouse db prune` tells what can go"
            yield Finding(_DISK, "wrong", f"{told}: {least}", remedy)
        elif free < _LITTLE_BYTES:
            yield Finding(_DISK, "warning", f"{told}: little for a search", "free some space")
        else:
            yield Finding(_DISK, "ok", told)


def _try_out(folder: Path) -> str:
    """Returns what a file system doesn't do that is relied on; nothing of a good one."""
    aside, target = folder / "aside", folder / "target"
    target.write_bytes(b"old")
    with aside.open("wb") as file:
        file.write(b"new")
        file.flush()
        os.fsync(file.fileno())
    aside.rename(target)
    if target.read_bytes() != b"new":
        return "a rename doesn't replace"
    with (folder / "lock").open("w") as first, (folder / "lock").open("w") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return ""
    return "two hold the same lock, as on some network file systems"
