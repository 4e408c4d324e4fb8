import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

import networks
from networks import Architecture, LatencySetting
from tests.workers.report_page.findings import findings, story
from tests.workers.trained import Trained
from workers.answers import teacher_answers
from workers.evaluation import evaluate
from workers.measuring import as_tensor, logits_of
from workers.student import student_module
from workers.student_files import (
    DifferentStudent,
    StudentFiles,
    TrainedStudent,
    _export_onnx,
    expect_same,
    make_student_files,
    onnx_logits,
)
from workers.teacher import weights_bytes

COSTS = {"params": 1000, "macs": 2000, "bytes": 4000}


@pytest.fixture(scope="module")
def student(trained: Trained) -> TrainedStudent:
    module = student_module(trained.teacher, trained.edits.to_json(), None)
    report = {**findings().report, "job": "job_1", "student": {"trial": 3, **COSTS}}
    report["student"]["edits"] = trained.edits.to_json()
    weights = weights_bytes(module)
    edits = trained.edits.to_json()
    return TrainedStudent(edits, weights, report, LatencySetting(), None, story())


@pytest.fixture(scope="module")
def made(trained: Trained, student: TrainedStudent) -> StudentFiles:
    test, preprocessing = trained.data.train, trained.data.preprocessing
    answers = teacher_answers(trained.teacher, test, preprocessing)
    return make_student_files(trained.data, trained.teacher, student, test, answers)


def test_each_file_holds_the_student(
    made: StudentFiles, trained: Trained, student: TrainedStudent, tmp_path: Path
) -> None:
    module = student_module(trained.teacher, student.edits, student.weights).eval()
    x = trained.data.preprocessing.apply(as_tensor(trained.data.validation.images))
    (tmp_path / "student.pt2").write_bytes(made.files["student.pt2"])
    architecture = Architecture.from_json(made.files["architecture.json"].decode())
    weights = safetensors.torch.load(made.files["student.safetensors"])
    with torch.no_grad():
        expected = module(x)
        exported = torch.export.load(tmp_path / "student.pt2").module()
        torch.testing.assert_close(exported(x), expected, rtol=1e-4, atol=1e-4)
        assert exported(x[:1]).shape == (1, 2)
        torch.testing.assert_close(networks.build(architecture, weights).eval()(x), expected)
        found = onnx_logits(made.files["student.onnx"])(x)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_accuracies_are_those_of_the_splits(
    made: StudentFiles, trained: Trained, student: TrainedStudent
) -> None:
    module = student_module(trained.teacher, student.edits, student.weights)
    for split, accuracy in (
        (trained.data.validation, made.accuracy),
        (trained.data.train, made.test_accuracy),
    ):
        right = logits_of(module, split, trained.data.preprocessing).argmax(1).numpy()
        assert accuracy == (right == split.labels).mean()


def test_the_report_says_what_it_was_told_and_what_was_measured(
    made: StudentFiles, trained: Trained, student: TrainedStudent
) -> None:
    report = json.loads(made.files["report.json"])
    assert report["job"] == "job_1"
    module = student_module(trained.teacher, student.edits, student.weights)
    both = [
        logits_of(one, trained.data.train, trained.data.preprocessing).numpy()
        for one in (module, trained.teacher.module())
    ]
    test = evaluate(both[0], trained.data.train.labels, both[1])
    told = report["student"].pop("test")
    assert told["confusion"] == test.confusion().tolist()
    assert told["teacher_agreement"] == test.agreement
    assert told["calibration_error"] == pytest.approx(test.calibration_error, abs=1e-5)
    assert report["student"] == {
        **student.report["student"],
        "accuracy": made.accuracy,
        "test_accuracy": made.test_accuracy,
        "latency": made.latency.to_json(),
    }
    assert report["versions"]["torch"] == version("torch")


def test_a_final_student_s_report_is_a_page_too(
    made: StudentFiles, trained: Trained, student: TrainedStudent
) -> None:
    text = made.files["report.html"].decode()
    assert "digits on a phone" in text
    assert f"{len(trained.data.train)} images, read once" in text
    untold = replace(student, story=None)
    others = make_student_files(trained.data, trained.teacher, untold)
    assert set(others.files) == set(made.files) - {"report.html"}
    report = json.loads(others.files["report.json"])
    assert (report["student"]["test"], report["student"]["test_accuracy"]) == (None, None)


def _shifted(x: Tensor) -> Tensor:
    return x.flatten(1) + 2e-4 * x.abs().max()


def _not_a_number(x: Tensor) -> Tensor:
    return x.flatten(1) * float("nan")


def _of_another_shape(x: Tensor) -> Tensor:
    return x.flatten(1)[:, :1]


def _for_even_batches(x: Tensor) -> Tensor:
    return x.reshape(2, -1, 9).reshape(-1, 9)


def _without_the_batch(x: Tensor) -> Tensor:
    return x.flatten(1).roll(1, 0)


@pytest.mark.parametrize(
    ("loaded", "says"),
    [
        (_shifted, "its logits differ"),
        (_not_a_number, "its logits differ"),
        (_of_another_shape, r"shape \(1, 1\), expected \(1, 9\)"),
        (_for_even_batches, "fails on a batch of 1"),
        (_without_the_batch, "on a batch of 7"),
    ],
)
def test_a_file_that_computes_something_else_is_not_offered(
    loaded: Callable[[Tensor], Tensor], says: str
) -> None:
    x = torch.randn(64, 1, 3, 3)
    expect_same(lambda x: x.flatten(1), lambda x: x.flatten(1) + 1e-6, x, "same")
    with pytest.raises(DifferentStudent, match=rf"student\.pt2: .*{says}"):
        expect_same(lambda x: x.flatten(1), loaded, x, "student.pt2")


def test_the_tolerance_is_relative_to_the_largest_logit() -> None:
    x = torch.randn(8, 1, 3, 3) * 1e-6
    with pytest.raises(DifferentStudent):
        expect_same(lambda x: x.flatten(1), lambda x: x.flatten(1) + 1e-7, x, "student.pt2")


def test_a_broken_export_is_caught(
    trained: Trained, student: TrainedStudent, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = student_module(trained.teacher, student.edits, student.weights)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.1)
    with monkeypatch.context() as patch:
        patch.setattr("workers.student_files._export", lambda *_: (b"", other.eval()))
        with pytest.raises(DifferentStudent, match=r"student\.pt2"):
            make_student_files(trained.data, trained.teacher, student, None)
    shape = tuple(trained.data.preprocessing.apply(as_tensor(trained.data.train.images[:1])).shape)
    broken = _export_onnx(other, shape[1:])
    monkeypatch.setattr("workers.student_files._export_onnx", lambda *_: broken)
    with pytest.raises(DifferentStudent, match=r"student\.onnx"):
        make_student_files(trained.data, trained.teacher, student, None)
