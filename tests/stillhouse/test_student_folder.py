from __future__ import annotations

from pathlib import Path

import pytest
import torch

import stillhouse
from stillhouse import UnusableTeacher, load_student
from tests.stillhouse.little import PREPROCESSING, little, student_folder


def test_a_students_folder_is_a_module_and_its_preprocessing(tmp_path: Path) -> None:
    loaded = load_student(student_folder(tmp_path))
    images = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        assert torch.allclose(loaded.module(images), little()(images), atol=1e-6)
    assert not loaded.module.training
    assert loaded.preprocessing == PREPROCESSING
    assert all(one.requires_grad for one in loaded.module.parameters())


@pytest.mark.parametrize("name", ["architecture.json", "student.safetensors", "report.json"])
def test_a_missing_or_broken_file_is_told(tmp_path: Path, name: str) -> None:
    path = student_folder(tmp_path) / name
    path.write_bytes(b"\xff\xfe broken")
    with pytest.raises(UnusableTeacher):
        load_student(tmp_path)
    path.unlink()
    with pytest.raises(UnusableTeacher, match=str(tmp_path)):
        load_student(tmp_path)


def test_the_package_offers_it() -> None:
    assert "load_student" in stillhouse.__all__
