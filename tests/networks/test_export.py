from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from networks import ExportError, build, export_pt2
from tests.networks.conftest import traced

READER = """
import sys, torch
program = torch.export.load(sys.argv[1])
x, y = torch.load(sys.argv[2], weights_only=True)
for batch in (1, 3, 5):
    assert torch.allclose(program.module()(x[:batch]), y[:batch], atol=1e-5), batch
assert not {"networks", "workers", "app"} & set(sys.modules)
"""


def test_the_file_loads_without_this_project_and_takes_any_batch(tmp_path: Path) -> None:
    teacher = traced("zoo/shufflenet")
    student = build(teacher.architecture, teacher.weights).eval()
    images = torch.randn(5, 3, 32, 32)
    export_pt2(student, (3, 32, 32), tmp_path / "student.pt2")
    torch.save((images, student(images).detach()), tmp_path / "data.pt")
    subprocess.run(
        [sys.executable, "-c", READER, tmp_path / "student.pt2", tmp_path / "data.pt"],
        check=True,
        cwd=tmp_path,
    )


def test_the_student_stays_in_its_mode_and_nothing_is_left_beside(tmp_path: Path) -> None:
    teacher = traced("zoo/resnet20")
    student = build(teacher.architecture).train()
    export_pt2(student, (3, 32, 32), tmp_path / "student.pt2")
    assert student.training
    assert [path.name for path in tmp_path.iterdir()] == ["student.pt2"]


def test_a_module_that_can_not_be_exported_leaves_no_file(tmp_path: Path) -> None:
    class Broken(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(ExportError):
        export_pt2(Broken(), (3,), tmp_path / "student.pt2")
    assert list(tmp_path.iterdir()) == []
