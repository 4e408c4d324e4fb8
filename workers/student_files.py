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

import torch
from torch import Tensor, nn

import networks
from networks import Architecture
from workers.data import Labelled, TrainingData
from workers.measuring import accuracy_of, as_tensor, batched_logits
from workers.preprocessing import Preprocessing
from workers.teacher import Teacher, weights_arrays, weights_bytes
from workers.trial import student_architecture, student_module

COMPARED_IMAGES = 64
# Two graphs of the same float32 sums differ by their order alone.
RELATIVE_TOLERANCE = 1e-4
ABSOLUTE_TOLERANCE = 1e-4

VERSIONED = ("stillhouse", "torch", "numpy", "ray", "safetensors")


class DifferentStudent(Exception):
    """Raised when a student's file, loaded back, doesn't compute what the trained student does."""


@dataclass(frozen=True)
class StudentFiles:
    """A student's files by name, and the accuracies of its reloaded `student.pt2`."""

    files: Mapping[str, bytes]
    accuracy: float
    test_accuracy: float | None


@dataclass(frozen=True)
class TrainedStudent:
    """A student to be offered.

    Attributes:
        edits: JSON of the edits that make it.
        weights: safetensors.
        report: what `report.json` says beside accuracies and versions; has an object `student`.
    """

    edits: Mapping[str, Any]
    weights: bytes
    report: Mapping[str, Any]


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
    architecture = student_architecture(teacher, student.edits).to_json().encode()
    safetensors = weights_bytes(module)
    expect_same(module, _rebuild(architecture, safetensors), images, "student.safetensors")
    accuracy = _accuracy(exported, data.validation, data.preprocessing)
    test_accuracy = None if test is None else _accuracy(exported, test, data.preprocessing)
    report = _report(student.report, {"accuracy": accuracy, "test_accuracy": test_accuracy})
    files = {
        "student.pt2": pt2,
        "student.safetensors": safetensors,
        "architecture.json": architecture,
        "report.json": report,
    }
    return StudentFiles(files, accuracy, test_accuracy)


def expect_same(
    trained: Callable[[Tensor], Tensor],
    loaded: Callable[[Tensor], Tensor],
    images: Tensor,
    name: str,
) -> None:
    """Compares logits on preprocessed images `n x C x H x W`.

    Raises:
        DifferentStudent: they differ by more than the order of float32 sums explains.
    """
    with torch.no_grad():
        expected, actual = trained(images), loaded(images)
    if not torch.allclose(actual, expected, RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE):
        gap = (actual - expected).abs().max().item()
        raise DifferentStudent(f"{name}: its logits differ from the trained student's by {gap:g}")


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


def _report(told: Mapping[str, Any], measured: Mapping[str, float | None]) -> bytes:
    """Returns `report.json`: what was told, what was measured, and the versions."""
    versions = {name: importlib.metadata.version(name) for name in VERSIONED}
    report = {
        **told,
        "student": {**told["student"], **measured},
        "dtype": "float32",
        "versions": {"python": platform.python_version(), **versions},
    }
    return json.dumps(report, indent=2).encode()
