"""A student's files, fetched whole and verified."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from stillhouse.documents import StudentFile
from stillhouse.errors import DownloadDamaged
from stillhouse.transport import Transport


def download(transport: Transport, files: Sequence[StudentFile], directory: Path) -> list[Path]:
    """Returns the paths of a student's files, fetched into a directory that is made if needed.

    All files are fetched and verified before the first takes its name, so that files of two
    students don't stand side by side when one download fails.

    Raises:
        DownloadDamaged: A size or sha256 differs from what the server announced, or a file's
            name would leave the directory.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=directory) as aside:
        for file in files:
            require_plain_name(file.name)
            with transport.stream(file.href) as chunks:
                _write_verified(file, chunks, Path(aside) / file.name)
        return [(Path(aside) / file.name).replace(directory / file.name) for file in files]


def require_plain_name(name: str) -> None:
    """Raises DownloadDamaged if a name that the server announced would leave the directory."""
    if name != Path(name).name or name in {"", ".", ".."}:
        msg = f"the server announced a file named {name!r}"
        raise DownloadDamaged(msg)


def _write_verified(file: StudentFile, chunks: Iterator[bytes], path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as target:
        size = sum(_write(target, digest, chunk) for chunk in chunks)
        target.flush()
        os.fsync(target.fileno())
    if size != file.bytes or digest.hexdigest() != file.sha256:
        msg = (
            f"{file.name}: expected {file.bytes} bytes with sha256 {file.sha256}, "
            f"got {size} bytes with {digest.hexdigest()}"
        )
        raise DownloadDamaged(msg)


def _write(target: IO[bytes], digest: hashlib._Hash, chunk: bytes) -> int:
    digest.update(chunk)
    target.write(chunk)
    return len(chunk)
