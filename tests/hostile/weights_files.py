"""Hostile safetensors, sent beside the name of a network that is known."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

import networks
from tests.hostile.hostile_teacher import CANARY, Files, HostileTeacher

NETWORK = "zoo/resnet20"
Arrays = dict[str, np.ndarray[Any, Any]]


class Exploit:
    """Makes the canary when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {CANARY}",)


def resnet20_weights() -> Arrays:
    """The right weights, of ten classes and three input channels."""
    module = networks.network(NETWORK, 10, 3)
    return {name: value.numpy() for name, value in networks.weights_of(module).items()}


def _of_bytes(name: str, says: str, data: Callable[[], bytes]) -> HostileTeacher:
    def write(folder: Path) -> Files:
        path = folder / "weights.safetensors"
        path.write_bytes(data())
        return {"weights": path}

    return HostileTeacher(name, {"network": NETWORK}, write, "weights", says)


def _of_arrays(name: str, says: str, change: Callable[[Arrays], object]) -> HostileTeacher:
    def write(folder: Path) -> Files:
        arrays = resnet20_weights()
        change(arrays)
        path = folder / "weights.safetensors"
        save_file(arrays, path)
        return {"weights": path}

    return HostileTeacher(name, {"network": NETWORK}, write, "weights", says)


def _header(header: Mapping[str, object] | str, data: bytes = b"") -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + data


def _one_tensor(
    data: bytes, shape: list[int] | None = None, offsets: list[int] | None = None
) -> bytes:
    entry = {
        "dtype": "F32",
        "shape": shape or [len(data) // 4],
        "data_offsets": offsets or [0, len(data)],
    }
    return _header({"conv1.weight": entry}, data)


def _entry(start: int, end: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": [(end - start) // 4], "data_offsets": [start, end]}


def _torch_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Exploit()))
    return stream.getvalue()


def _zip_bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../weights.npy", bytes(2**24))
    return stream.getvalue()


def _not_a_number(arrays: Arrays) -> None:
    arrays["conv1.weight"][0, 0, 0, 0] = np.nan


def _infinite(arrays: Arrays) -> None:
    arrays["bn1.running_var"][3] = -np.inf


def _negative_variance(arrays: Arrays) -> None:
    arrays["bn1.running_var"][:] = -1.0


def _doubled(arrays: Arrays) -> None:
    arrays["conv1.weight"] = arrays["conv1.weight"].astype(np.float64)


def _quantised(arrays: Arrays) -> None:
    arrays["conv1.weight"] = np.zeros(arrays["conv1.weight"].shape, np.int8)


def _integers(arrays: Arrays) -> None:
    arrays["conv1.weight"] = np.zeros(arrays["conv1.weight"].shape, np.int64)


def _other_classes(arrays: Arrays) -> None:
    arrays["fc.bias"] = np.zeros(11, np.float32)


def _one_class(arrays: Arrays) -> None:
    arrays["fc.weight"], arrays["fc.bias"] = arrays["fc.weight"][:1], arrays["fc.bias"][:1]


def _of_named(name: str, says: str, where: str, fields: dict[str, str]) -> HostileTeacher:
    def write(folder: Path) -> Files:
        path = folder / "weights.safetensors"
        save_file(resnet20_weights(), path)
        return {"weights": path}

    return HostileTeacher(name, {"network": NETWORK, **fields}, write, where, says)


WEIGHTS_FILES: tuple[HostileTeacher, ...] = (
    _of_bytes("pickle_as_safetensors", "pickle", lambda: pickle.dumps(Exploit())),
    _of_bytes("old_pickle_as_safetensors", "header", lambda: pickle.dumps(Exploit(), 0)),
    _of_bytes("torch_archive_as_safetensors", "PyTorch archive", _torch_archive),
    _of_bytes("zip_bomb_as_safetensors", "archive", _zip_bomb),
    _of_bytes("empty_weights", "0 bytes", lambda: b""),
    _of_bytes(
        "header_of_absurd_length", "header", lambda: struct.pack("<Q", 2**62) + b"{}" + bytes(64)
    ),
    _of_bytes("header_that_is_no_json", "header is no valid JSON", lambda: _header("{'a': }")),
    _of_bytes(
        "header_nested_deeply", "is nested hundreds", lambda: _header("[" * 9**5 + "]" * 9**5)
    ),
    _of_bytes("header_that_is_a_list", "no JSON object", lambda: _header("[]")),
    _of_bytes(
        "tensor_twice", "'a' stands there twice",
        lambda: _header(
            f'{{"a": {json.dumps(_entry(0, 4))}, "a": {json.dumps(_entry(4, 8))}}}', bytes(8)
        ),
    ),
    _of_bytes(
        "overlapping_tensors", "overlap",
        lambda: _header({"a": _entry(0, 8), "b": _entry(4, 12)}, bytes(12)),
    ),
    _of_bytes(
        "hole_between_tensors", "4 bytes before tensor 'b'",
        lambda: _header({"a": _entry(0, 4), "b": _entry(8, 12)}, bytes(12)),
    ),
    _of_bytes(
        "truncated_weights", "the file ends 8 bytes before",
        lambda: _header({"a": _entry(0, 16)}, bytes(8)),
    ),
    _of_bytes(
        "bytes_after_the_last_tensor", "8 bytes after tensor 'a'",
        lambda: _header({"a": _entry(0, 4)}, bytes(12)),
    ),
    _of_bytes(
        "negative_offsets", "offsets", lambda: _one_tensor(bytes(4), offsets=[-4, 0])
    ),
    _of_bytes("negative_shape", "shape", lambda: _one_tensor(bytes(4), shape=[-1, -1])),
    _of_bytes(
        "enormous_shape", r"takes 2\d{20,} bytes",
        lambda: _one_tensor(bytes(4), shape=[2**31, 2**31, 16]),
    ),
    _of_bytes(
        "thousand_dimensions", "shape", lambda: _one_tensor(bytes(4), shape=[1] * 1000)
    ),
    _of_bytes("half_a_tensor", "offsets give it", lambda: _one_tensor(bytes(6), shape=[2])),
    _of_bytes("no_tensors", "'conv1.weight' is missing", lambda: _header({})),
    _of_arrays("nan_weight", r"conv1\.weight.*NaN", _not_a_number),
    _of_arrays("infinite_weight", r"bn1\.running_var.*infinity", _infinite),
    _of_arrays("double_weight", r"conv1\.weight.*F64.*float32", _doubled),
    _of_arrays("int8_weight", r"conv1\.weight.*I8.*float32", _quantised),
    _of_arrays("integer_weight", r"conv1\.weight.*I64.*float32", _integers),
    _of_arrays("missing_tensor", r"bn1\.bias.*missing", lambda arrays: arrays.pop("bn1.bias")),
    _of_arrays(
        "superfluous_tensor", r"no tensor '\.\./\.\./etc/passwd'",
        lambda arrays: arrays.update({"../../etc/passwd": np.zeros(1, np.float32)}),
    ),
    _of_arrays(
        "transposed_tensor", r"fc\.weight.*shape",
        lambda arrays: arrays.update({"fc.weight": arrays["fc.weight"].T.copy()}),
    ),
    _of_arrays("classes_that_disagree", r"fc\.bias.*\(11,\).*\(10,\)", _other_classes),
    _of_arrays("one_class", "at least 2 classes", _one_class),
    HostileTeacher(
        "variances_below_zero", {"network": NETWORK},
        _of_arrays("", "", _negative_variance).write, "network", "not finite",
    ),
    _of_named(
        "unknown_network", "no network 'zoo/../../etc'", "network", {"network": "zoo/../../etc"}
    ),
    _of_named("image_that_shrinks_to_nothing", r"images of shape \(3, 0, 0\)", "network",
              {"input_shape": "[3, 0, 0]"}),
    _of_named("enormous_image", "too large|memory", "network",
              {"input_shape": "[3, 100000, 100000]"}),
    _of_named("image_of_other_channels", "3 input channels", "network",
              {"input_shape": "[1, 32, 32]"}),
)  # fmt: skip
