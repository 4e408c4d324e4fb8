"""Artifacts: files under keys, on any store that fsspec knows, written whole or not at all."""

import hashlib
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from app.ids import random_name

_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class StoredFile:
    """What was stored: its key, size and SHA-256 in hexadecimal."""

    key: str
    bytes: int
    sha256: str


class Artifacts:
    """The artifact store; keys are relative paths such as `datasets/dst_….npz`.

    A file is written aside, synced to disk where the store is one, and then renamed: under its key
    it is whole, or not there.
    """

    def __init__(self, url: str) -> None:
        """Opens the store at an fsspec URL, such as `file:///data` or `s3://bucket/prefix`."""
        self.url = url
        filesystem, root = fsspec.core.url_to_fs(url)
        self._filesystem: Any = filesystem
        self._root: str = root.rstrip("/")
        self._is_local = isinstance(filesystem, LocalFileSystem)

    def put(self, key: str, path: Path) -> StoredFile:
        """Stores a copy of a file."""
        with path.open("rb") as source:
            return self.put_file(key, source)

    def put_bytes(self, key: str, data: bytes) -> StoredFile:
        """Stores bytes."""
        return self.put_file(key, io.BytesIO(data))

    def put_file(self, key: str, source: BinaryIO) -> StoredFile:
        """Stores what `source` holds from where it stands to its end."""
        target = self._path(key)
        aside = f"{target}.{random_name()}.part"
        self._filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            size, sha256 = self._write(aside, source)
            self._filesystem.mv(aside, target)
        except BaseException:
            if self._filesystem.exists(aside):
                self._filesystem.rm_file(aside)
            raise
        if self._is_local:
            _sync_folder(Path(target).parent)
        return StoredFile(key, size, sha256)

    def open(self, key: str) -> BinaryIO:
        """Returns the file, open for reading.

        Raises:
            FileNotFoundError: there is none under the key.
        """
        return cast(BinaryIO, self._filesystem.open(self._path(key), "rb"))

    def read_bytes(self, key: str) -> bytes:
        """Returns the whole file; raises `FileNotFoundError` if there is none."""
        with self.open(key) as file:
            return file.read()

    def fetch(self, key: str, path: Path) -> None:
        """Copies the file to `path`, whole or not at all.

        Raises:
            FileNotFoundError: there is none under the key.
        """
        aside = path.with_name(f"{path.name}.{random_name()}.part")
        try:
            with self.open(key) as source, aside.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK_BYTES)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """Returns whether there is a whole file under the key."""
        return bool(self._filesystem.isfile(self._path(key)))

    def delete(self, key: str) -> None:
        """Removes the file; nothing happens if there is none."""
        if self.exists(key):
            self._filesystem.rm_file(self._path(key))

    def keys(self, folder: str) -> list[str]:
        """Returns the keys that begin with `folder/`, those too that a killed writer left there."""
        found = self._filesystem.find(self._path(folder))
        return [str(path).removeprefix(f"{self._root}/") for path in found]

    def _write(self, path: str, source: BinaryIO) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        with self._filesystem.open(path, "wb") as file:
            while chunk := source.read(_CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            if self._is_local:
                file.flush()
                os.fsync(file.fileno())
        return size, digest.hexdigest()

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"


def _sync_folder(folder: Path) -> None:
    """Makes a rename within the folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
