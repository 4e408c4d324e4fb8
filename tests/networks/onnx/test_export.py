from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from networks import ExportError, build, expect_onnx_form, export_onnx, trace, weightless
from tests.networks.conftest import traced

READER = """
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
images, logits = numpy.load(sys.argv[2]), numpy.load(sys.argv[3])
for batch in (1, 3, 5):
    (found,) = session.run(["logits"], {"images": images[:batch]})
    assert abs(found - logits[:batch]).max() < 1e-5 * abs(logits).max(), batch
assert not {"networks", "workers", "app", "torch"} & set(sys.modules)
"""


class Unwritable(nn.Module):
    """Has an operator that ONNX has no form for."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = torch.special.i0e(x.mean((2, 3)) * self.weight)
        return found


@pytest.fixture(scope="module")
def shufflenet(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    teacher = traced("zoo/shufflenet")
    student = build(teacher.architecture, teacher.weights).train()
    path = tmp_path_factory.mktemp("onnx") / "student.onnx"
    export_onnx(student, (3, 32, 32), path)
    return student, path


def test_the_file_is_read_without_this_project_and_takes_any_batch(
    shufflenet: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    student, path = shufflenet
    images = torch.randn(5, 3, 32, 32)
    with torch.no_grad():
        np.save(tmp_path / "logits.npy", student.eval()(images).numpy())
    np.save(tmp_path / "images.npy", images.numpy())
    subprocess.run(
        [sys.executable, "-c", READER, path, tmp_path / "images.npy", tmp_path / "logits.npy"],
        check=True,
        cwd=tmp_path,
    )


def test_one_file_with_its_weights_inside_in_an_opset_that_runtimes_read(
    shufflenet: tuple[nn.Module, Path],
) -> None:
    _, path = shufflenet
    assert [file.name for file in path.parent.iterdir()] == ["student.onnx"]
    model = onnx.load(str(path), load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert {(opset.domain, opset.version) for opset in model.opset_import} == {("", 18)}
    assert all(not tensor.external_data for tensor in model.graph.initializer)
    assert [value.name for value in model.graph.input] == ["images"]
    assert [value.name for value in model.graph.output] == ["logits"]
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"


def test_the_student_stays_in_its_mode_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    student = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).train()
    export_onnx(student, (3, 2, 2), tmp_path / "student.onnx")
    assert student.training
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
    session = onnxruntime.InferenceSession(
        tmp_path / "student.onnx", providers=["CPUExecutionProvider"]
    )
    assert session.get_inputs()[0].type == "tensor(float)"


def test_an_operator_without_an_onnx_form_is_named_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"prims\.bessel_i0e"):
        export_onnx(Unwritable(), (3, 4, 4), tmp_path / "student.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_form_is_tried_without_weights() -> None:
    with weightless():
        module = Unwritable()
    architecture = trace(module, torch.zeros(2, 3, 4, 4, device="meta")).architecture
    with pytest.raises(ExportError, match=r"prims\.bessel_i0e"):
        expect_onnx_form(architecture)
    expect_onnx_form(traced("zoo/resnet20").architecture)
