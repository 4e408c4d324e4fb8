"""A safe reader of safetensors: the header is checked to the last byte before a tensor is read.

The format: the header's length (8 bytes, little endian), the header (JSON: name to dtype, shape and
the offsets of its bytes), and the tensors' bytes, without holes or overlaps.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from networks.architecture import TensorSpec
from networks.architecture_json import FLOAT32, MAX_RANK
from networks.intake.limits import TeacherFileError, TeacherLimits

WHERE = "weights"
LENGTH_BYTES = 8
METADATA = "__metadata__"

_ELEMENT_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}
_FLOATS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_OTHERS = {"I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}
_ACCEPTED = "float32, float16 and bfloat16 are taken (integers where the network has constants)"
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of the file: where its bytes are, from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class WeightsFile:
    """A safetensors file whose header has been checked.

    Raises:
        TeacherFileError: If the file is no safetensors, or breaks a limit; the message says where.
    """

    def __init__(self, path: Path, limits: TeacherLimits) -> None:
        self._path = path
        size = path.stat().st_size
        if size > limits.max_file_bytes:
            raise _refused(f"the file has {size} bytes, at most {limits.max_file_bytes} are taken")
        with path.open("rb") as file:
            length = _header_length(file, size, limits)
            header = _parse(file.read(length))
        self._data_start = LENGTH_BYTES + length
        self.tensors: dict[str, StoredTensor] = {
            name: _stored(name, entry) for name, entry in header.items() if name != METADATA
        }
        _check_layout(self.tensors, size - self._data_start)
        elements = sum(math.prod(tensor.shape) for tensor in self.tensors.values())
        if elements > limits.max_params:
            raise _refused(f"it holds {elements} numbers, at most {limits.max_params} are taken")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The tensors' shapes by name."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}

    def read(self, expected: Mapping[str, TensorSpec]) -> dict[str, Tensor]:
        """Copies of the `expected` tensors, which must be all that the file has; floats as float32.

        The counters that batch norms have (`….num_batches_tracked`, int64) are left out.

        Raises:
            TeacherFileError: If a tensor is missing, superfluous, of another shape or type, or
                holds NaN or infinity.
        """
        found = {name for name in self.tensors if not _is_counter(name, self.tensors[name])}
        if missing := sorted(expected.keys() - found):
            raise _refused(f"tensor {missing[0]!r} is missing ({len(missing)} in all)")
        if extra := sorted(found - expected.keys()):
            raise _refused(f"the network has no tensor {extra[0]!r} ({len(extra)} in all)")
        for name, spec in expected.items():
            self._expect(name, spec)
        with self._path.open("rb") as file:
            return {name: self._tensor(file, name) for name in expected}

    def _expect(self, name: str, spec: TensorSpec) -> None:
        tensor = self.tensors[name]
        if tensor.shape != spec.shape:
            raise _refused(
                f"tensor {name!r} has shape {tensor.shape}, the network needs {spec.shape}"
            )
        kind = FLOAT32 if tensor.dtype in _FLOATS else dtype_name(_OTHERS[tensor.dtype])
        if spec.dtype != kind:
            raise _refused(f"tensor {name!r} is {tensor.dtype}, the network needs {spec.dtype}")

    def _tensor(self, file: BinaryIO, name: str) -> Tensor:
        stored = self.tensors[name]
        file.seek(self._data_start + stored.start)
        if stored.start == stored.end:
            return torch.zeros(stored.shape, dtype=_OTHERS.get(stored.dtype, torch.float32))
        raw = torch.from_numpy(np.fromfile(file, np.uint8, stored.end - stored.start))
        if stored.dtype == "BOOL":
            return raw.ne(0).reshape(stored.shape)
        if stored.dtype in _OTHERS:
            return raw.view(_OTHERS[stored.dtype]).reshape(stored.shape)
        value = raw.view(_FLOATS[stored.dtype]).reshape(stored.shape).to(torch.float32)
        expect_finite(value, name, WHERE)
        return value


def expect_finite(value: Tensor, name: str, where: str) -> None:
    """Raises `TeacherFileError` if a tensor has a NaN or an infinity."""
    if bool(torch.isfinite(value).all()):
        return
    kind = "NaN" if bool(torch.isnan(value).any()) else "an infinity"
    raise TeacherFileError(where, f"tensor {name!r} holds {kind}; all weights must be finite")


def dtype_name(dtype: torch.dtype) -> str:
    """A type's name as an architecture has it."""
    return str(dtype).removeprefix("torch.")


def _refused(detail: str) -> TeacherFileError:
    return TeacherFileError(WHERE, detail)


def _header_length(file: BinaryIO, size: int, limits: TeacherLimits) -> int:
    start = file.read(LENGTH_BYTES)
    if start.startswith(_PICKLE_STARTS):
        raise _refused("this is a pickle or a PyTorch archive, not safetensors; it is not opened")
    if len(start) < LENGTH_BYTES:
        raise _refused(f"a file of {size} bytes is no safetensors")
    length = int.from_bytes(start, "little")
    if length > min(limits.max_structure_bytes, size - LENGTH_BYTES):
        raise _refused(
            f"not safetensors: its header would have {length} bytes, the file has {size} "
            f"and at most {limits.max_structure_bytes} are taken"
        )
    return length


def _parse(text: bytes) -> dict[str, object]:
    try:
        header = json.loads(text.decode(), object_pairs_hook=unique_keys)
    except RecursionError as error:
        raise _refused(
            "the safetensors header is nested hundreds of levels deep; it is one object, of an"
            " object for each tensor"
        ) from error
    except ValueError as error:
        raise _refused(f"the safetensors header is no valid JSON: {error}") from error
    if not isinstance(header, dict):
        raise _refused("the safetensors header is no JSON object")
    return header


def unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; raises `ValueError` if it has a key twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"{twice!r} stands there twice")
    return found


def _stored(name: str, entry: object) -> StoredTensor:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _refused(f"tensor {name!r} must have dtype, shape and data_offsets, and no more")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _ELEMENT_BYTES:
        raise _refused(f"tensor {name!r} is {dtype}; {_ACCEPTED}")
    if not _are_sizes(shape) or len(shape) > MAX_RANK:
        raise _refused(f"tensor {name!r} has the shape {str(shape)[:60]}, which is none")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise _refused(f"tensor {name!r} has the offsets {str(offsets)[:60]}, which are none")
    start, end = offsets
    size_bytes = math.prod(shape) * _ELEMENT_BYTES[dtype]
    if end - start != size_bytes:
        raise _refused(
            f"tensor {name!r} of shape {tuple(shape)} takes {size_bytes} bytes, "
            f"its offsets give it {end - start}"
        )
    return StoredTensor(dtype, tuple(shape), start, end)


def _are_sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _check_layout(tensors: Mapping[str, StoredTensor], data_bytes: int) -> None:
    """The tensors' bytes follow each other from the first byte to the last."""
    reached, before = 0, "the header"
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start < reached:
            raise _refused(f"the bytes of tensor {name!r} overlap those of {before!r}")
        if tensor.start > reached:
            raise _refused(f"{tensor.start - reached} bytes before tensor {name!r} are no tensor's")
        reached, before = tensor.end, name
    if reached > data_bytes:
        raise _refused(f"the file ends {reached - data_bytes} bytes before tensor {before!r} does")
    if reached < data_bytes:
        raise _refused(f"{data_bytes - reached} bytes after tensor {before!r} are no tensor's")


def _is_counter(name: str, tensor: StoredTensor) -> bool:
    return name.endswith("num_batches_tracked") and tensor.dtype == "I64" and tensor.shape == ()
