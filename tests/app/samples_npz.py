"""Archives to upload: a good one, and ways to spoil it."""

import io
import zipfile
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def arrays(**changes: Array | None) -> dict[str, Array]:
    """Returns a good dataset's arrays, some changed; None leaves one out."""
    good: dict[str, Array | None] = {
        "images": np.arange(12 * 64, dtype=np.uint8).reshape(12, 8, 8),
        "labels": np.arange(12, dtype=np.int64) % 3,
    }
    return {name: array for name, array in (good | changes).items() if array is not None}


def npz(**changes: Array | None) -> bytes:
    """Returns the archive of such arrays."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays(**changes))  # type: ignore[arg-type]  # one array a name
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    """Returns an archive with raw members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(array: Array) -> bytes:
    """Returns an array's own file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(shape: str, descr: str = "'|u1'") -> bytes:
    """Returns an .npy header that may lie."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
