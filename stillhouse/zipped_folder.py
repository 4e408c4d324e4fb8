"""A folder of image files as the one file that is sent."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def zipped(folder: Path) -> Iterator[IO[bytes]]:
    """Yields a zip of the folder's files, at its beginning; it goes with the end of the block.

    Hidden files are left out. Links to files become the files, links to folders are left out.

    Raises:
        OSError: A file can't be read, or there is no room for the zip.
    """
    with tempfile.TemporaryFile() as file:
        # Stored: images are compressed already.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path in sorted(folder.rglob("*")):
                inside = path.relative_to(folder)
                if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                    archive.write(path, inside.as_posix())
        file.seek(0)
        yield file
