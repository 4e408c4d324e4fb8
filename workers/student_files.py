"""A student's files: written, loaded back, and compared on real images before they are offered."""

from __future__ import annotations

import json
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
from workers.answers import TeacherAnswers
from workers.data import Labelled, TrainingData
from workers.evaluation import Evaluation, evaluate
from workers.latency_measurement import Measurement, measure_student
from workers.measuring import accuracy_of, as_tensor, batched_logits
from workers.preprocessing import Preprocessing
from workers.report_page import Story
from workers.student import student_architecture, student_module
from workers.student_report import full_report, page_files
from workers.teacher import Teacher, weights_arrays, weights_bytes

COMPARED_IMAGES = 64
COMPARED_BATCHES = (1, 7, COMPARED_IMAGES)  # a file that works for one batch size only is no use
# Of the largest |logit|: two graphs of the same float32 sums differ by their order alone.
TOLERANCE = 1e-4


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
        story: how the job came to it, for its `report.html`; without one there is no such file.
    """

    edits: Mapping[str, Any]
    weights: bytes
    report: Mapping[str, Any]
    latency: LatencySetting
    latency_limit_ms: float | None
    story: Story | None = None


def make_student_files(
    data: TrainingData,
    teacher: Teacher,
    student: TrainedStudent,
    test: Labelled | None = None,
    answers: TeacherAnswers | None = None,
) -> StudentFiles:
    """Exports a student, loads each file back, compares it, and measures what was loaded.

    Args:
        data: its validation split is measured, and gives the images that are compared.
        teacher: whose student it is.
        student: its edits and weights.
        test: the test split, once it is time to read it.
        answers: the teacher's on it.

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
    architecture = student_architecture(teacher, student.edits).to_json()
    safetensors = weights_bytes(module)
    expect_same(module, _rebuild(architecture, safetensors), images, "student.safetensors")
    accuracy = _accuracy(exported, data)
    latency = measure_student(
        module, onnx, tuple(images.shape[1:]), student.latency, student.latency_limit_ms
    )
    found = _test(exported, data.preprocessing, test, answers)
    measured = {
        "accuracy": accuracy,
        "test_accuracy": None if found is None else found.accuracy,
        "test": None if found is None else found.to_json(),
        "latency": latency.to_json(),
    }
    report = full_report(student.report, measured)
    files = {
        "student.pt2": pt2,
        "student.onnx": onnx,
        "student.safetensors": safetensors,
        "architecture.json": architecture.encode(),
        "report.json": json.dumps(report, indent=2).encode(),
    }
    if student.story is not None and answers is not None and found is not None:
        architectures = (teacher.architecture, architecture)
        files |= page_files(report, student.story, architectures, answers.evaluation, found)
    return StudentFiles(files, accuracy, None if found is None else found.accuracy, latency)


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


def _rebuild(architecture: str, safetensors: bytes) -> nn.Module:
    """Returns the student that `architecture.json` and `student.safetensors` hold, in eval mode."""
    tensors = {name: as_tensor(array) for name, array in weights_arrays(safetensors).items()}
    return networks.build(Architecture.from_json(architecture), tensors).eval()


def _accuracy(exported: nn.Module, data: TrainingData) -> float:
    """Returns what anybody gets on validation who runs the file on the images, in float32."""
    logits = batched_logits(exported, data.validation, data.preprocessing)
    return accuracy_of(logits, as_tensor(data.validation.labels))


def _test(
    exported: nn.Module,
    preprocessing: Preprocessing,
    test: Labelled | None,
    answers: TeacherAnswers | None,
) -> Evaluation | None:
    """Returns what the file is worth on the test images, once they are read."""
    if test is None:
        return None
    logits = batched_logits(exported, test, preprocessing).numpy()
    return evaluate(logits, test.labels, None if answers is None else answers.logits)
