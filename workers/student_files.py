"""A student's files: written, loaded back, and compared on real images before they are offered."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from torch import Tensor, nn

import networks
from networks import Architecture, LatencySetting
from workers.data import Labelled, TrainingData
from workers.latency_measurement import Measurement, measure_student
from workers.measuring import accuracy_of, as_tensor, batched_logits
from workers.preprocessing import Preprocessing
from workers.student import student_architecture, student_module
from workers.teacher import Teacher, weights_arrays, weights_bytes

COMPARED_IMAGES = 64
COMPARED_BATCHES = (1, 7, COMPARED_IMAGES)  # a file that works for one batch size only is no use
# Of the largest |logit|: two graphs of the same float32 sums differ by their order alone.
TOLERANCE = 1e-4

VERSIONED = ("stillhouse", "torch", "numpy", "ray", "safetensors", "onnx", "onnxruntime")


class DifferentStudent(Exception):
    """Raised when a student's file, loaded back, doesn't compute what the trained student does."""


@dataclass(frozen=True)
class StudentFiles:
    """A student's files by name, its latency, and the accuracies of its reloaded `student.pt2`."""

    files: Mapping[str, bytes]
    accuracy: float
    test_accuracy: float | None
    latency: Measurement


@dataclass(frozen=True)
class TrainedStudent:
    """A student to be offered.

    Attributes:
        edits: JSON of the edits that make it.
        weights: safetensors.
        report: what `report.json` says beside accuracies, latency and versions; has an object
            `student`.
        latency: how its latency is measured.
        latency_limit_ms: what it should keep, if anything.
    """

    edits: Mapping[str, Any]
    weights: bytes
    report: Mapping[str, Any]
    latency: LatencySetting
    latency_limit_ms: float | None


def make_student_files(
    data: TrainingData, teacher: Teacher, student: TrainedStudent, test: Labelled | None
) -> StudentFiles:
    """Exports a student, loads each file back, compares it, and measures what was loaded.

    Args:
        data: its validation split is measured, and gives the images that are compared.
        teacher: whose student it is.
        student: its edits and weights.
        test: the test split, once it is time to read it.

    Raises:
        DifferentStudent: a file's logits differ from the student's.
        NetworkError: the student can't be exported.
    """
    module = student_module(teacher, student.edits, student.weights).eval()
    images = data.preprocessing.apply(as_tensor(data.validation.images[:COMPARED_IMAGES]))
    pt2, exported = _export(module, tuple(images.shape[1:]))
    expect_same(module, exported, images, "student.pt2")
    onnx = _export_onnx(module, tuple(images.shape[1:]))
    expect_same(module, onnx_logits(onnx), images, "student.onnx")
    architecture = student_architecture(teacher, student.edits).to_json().encode()
    safetensors = weights_bytes(module)
    expect_same(module, _rebuild(architecture, safetensors), images, "student.safetensors")
    accuracy = _accuracy(exported, data.validation, data.preprocessing)
    test_accuracy = None if test is None else _accuracy(exported, test, data.preprocessing)
    latency = measure_student(
        module, onnx, tuple(images.shape[1:]), student.latency, student.latency_limit_ms
    )
    measured = {"accuracy": accuracy, "test_accuracy": test_accuracy}
    report = _report(student.report, {**measured, "latency": latency.to_json()})
    files = {
        "student.pt2": pt2,
        "student.onnx": onnx,
        "student.safetensors": safetensors,
        "architecture.json": architecture,
        "report.json": report,
    }
    return StudentFiles(files, accuracy, test_accuracy, latency)


def expect_same(
    trained: Callable[[Tensor], Tensor],
    loaded: Callable[[Tensor], Tensor],
    images: Tensor,
    name: str,
) -> None:
    """Compares logits on preprocessed images `n x C x H x W`, in batches of several sizes.

    Raises:
        DifferentStudent: they differ by more than the order of float32 sums explains, or the loaded
            student fails on a batch size.
    """
    for size in COMPARED_BATCHES:
        batch = images[:size]
        with torch.no_grad():
            expected = trained(batch)
            try:
                actual = loaded(batch)
            except Exception as error:  # each runtime raises kinds of its own
                detail = f"{name}: it fails on a batch of {len(batch)}: {error}"
                raise DifferentStudent(detail) from error
        if actual.shape != expected.shape:
            shapes = f"{tuple(actual.shape)}, expected {tuple(expected.shape)}"
            raise DifferentStudent(f"{name}: its logits have shape {shapes}")
        gap = (actual - expected).abs().max().item()
        largest = expected.abs().max().item()
        if not gap <= TOLERANCE * largest:  # NaN fails too
            raise DifferentStudent(
                f"{name}: its logits differ from the trained student's by {gap:g}, "
                f"of at most {largest:g}, on a batch of {len(batch)}"
            )


def onnx_logits(model: bytes) -> Callable[[Tensor], Tensor]:
    """Returns what computes the logits of preprocessed images in ONNX Runtime on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def logits(images: Tensor) -> Tensor:
        (found,) = session.run(["logits"], {"images": images.numpy()})
        return as_tensor(found)

    return logits


def _export_onnx(module: nn.Module, shape: tuple[int, ...]) -> bytes:
    """Returns `student.onnx`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.onnx"
        networks.export_onnx(module, shape, path)
        return path.read_bytes()


def _export(module: nn.Module, shape: tuple[int, ...]) -> tuple[bytes, nn.Module]:
    """Returns `student.pt2` and what it holds after loading it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.pt2"
        networks.export_pt2(module, shape, path)
        return path.read_bytes(), torch.export.load(path).module()


def _rebuild(architecture: bytes, safetensors: bytes) -> nn.Module:
    """Returns the student that `architecture.json` and `student.safetensors` hold, in eval mode."""
    tensors = {name: as_tensor(array) for name, array in weights_arrays(safetensors).items()}
    return networks.build(Architecture.from_json(architecture.decode()), tensors).eval()


def _accuracy(exported: nn.Module, split: Labelled, preprocessing: Preprocessing) -> float:
    """Returns what anybody gets who runs the file on the preprocessed images, in float32."""
    return accuracy_of(batched_logits(exported, split, preprocessing), as_tensor(split.labels))


def _report(told: Mapping[str, Any], measured: Mapping[str, object]) -> bytes:
    """Returns `report.json`: what was told, what was measured, and the versions."""
    versions = {name: importlib.metadata.version(name) for name in VERSIONED}
    report = {
        **told,
        "student": {**told["student"], **measured},
        "dtype": "float32",
        "versions": {"python": platform.python_version(), **versions},
    }
    return json.dumps(report, indent=2).encode()
