from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tables.array_file import ArrayFileError, read_array

HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"


class Harmful:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path("harmed"),)  # type: ignore[return-value]


def file_with(header: str | bytes, data: bytes = b"\0" * 24) -> bytes:
    raw = header.encode() if isinstance(header, str) else header
    raw = raw.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw + data


def saved(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, array)  # type: ignore[arg-type]
    return file.getvalue()


def test_an_array_comes_back(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.5, 2.5]))
    assert read_array(tmp_path / "x.npy", "f", 2).tolist() == [1.5, 2.5]
    (tmp_path / "x.npy").write_bytes(file_with(HEADER))
    assert read_array(tmp_path / "x.npy", "f", 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no NumPy array"),
        (b"PK\x03\x04 a zip file", "no NumPy array"),
        (pickle.dumps([1.0]), "no NumPy array"),
        (file_with(HEADER)[:100], "not readable"),
        (file_with(HEADER, b"\0" * 23), "not readable"),
        (file_with(HEADER.replace("(3,)", "(4611686018427387904,)")), "not readable"),
        (file_with(HEADER.replace("(3,)", "(3000000000000,)")), "not readable"),
        (file_with(HEADER.replace("(3,)", "(-3,)")), "not readable"),
        (file_with(HEADER.replace("(3,)", "()")), "one dimension"),
        (file_with(HEADER.replace("(3,)", "(3, 1)")), "one dimension"),
        (file_with(HEADER.replace("<f8", "|O8")), "not readable"),
        (file_with(HEADER.replace("<f8", "<i8")), "kind 'f'"),
        (file_with(HEADER.replace("<f8", "<f9")), "not readable"),
        (file_with("(" * 110), "not readable"),
        (saved(np.arange(5.0)), "1 to 4"),
        (saved(np.array([])), "not readable|1 to 4"),
        (saved(np.array(["a" * 100])), "kind 'f'"),
    ],
)
def test_what_is_no_such_array_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    with pytest.raises(ArrayFileError, match=told):
        read_array(path, "f", 4)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArrayFileError, match="not readable"):
        read_array(tmp_path / "x.npy", "f", 4)


def test_objects_are_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    np.save(file, np.array([Harmful()], dtype=object), allow_pickle=True)
    for content in (file.getvalue(), pickle.dumps(Harmful())):
        (tmp_path / "x.npy").write_bytes(content)
        with pytest.raises(ArrayFileError):
            read_array(tmp_path / "x.npy", "f", 4)
    assert not (tmp_path / "harmed").exists()


@settings(max_examples=300, deadline=None)
@given(position=st.integers(0, 60), replacement=st.binary(max_size=6))
def test_any_header_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, position: int, replacement: bytes
) -> None:
    header = HEADER.encode()
    broken = header[:position] + replacement + header[position + len(replacement) :]
    path = tmp_path_factory.getbasetemp() / "broken.npy"
    path.write_bytes(file_with(broken))
    try:
        found = read_array(path, "f", 4)
    except ArrayFileError:
        return
    assert found.dtype.kind == "f"
    assert 0 < len(found) <= 4
