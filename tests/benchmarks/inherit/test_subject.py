from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.inherit.subject import Sizes, load_cifar, make_subject, students
from tests.benchmarks.inherit.samples import write_cifar
from tests.networks.conftest import space_of

SIZES = Sizes(teacher_epochs=1, epochs=1, images=30, measured=8)


def test_the_splits_are_those_of_a_job(tmp_path: Path) -> None:
    write_cifar(tmp_path)
    data = load_cifar(tmp_path)
    assert (len(data.train), len(data.validation)) == (110, 10)  # 10% of the train file
    assert data.train.images.shape == (110, 3, 32, 32)


def test_a_folder_without_the_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_cifar(tmp_path)


def test_the_teacher_is_trained_once_and_students_see_a_part(tmp_path: Path) -> None:
    write_cifar(tmp_path)
    data, file = load_cifar(tmp_path), tmp_path / "made" / "teacher.safetensors"
    subject = make_subject(data, file, SIZES)
    written = file.read_bytes()
    again = make_subject(data, file, replace(SIZES, teacher_epochs=9))
    other = make_subject(data, file, replace(SIZES, images=0))
    assert file.read_bytes() == written
    assert (len(subject.data.train), len(subject.data.validation)) == (30, 8)
    assert len(other.data.train) == 110
    assert subject.teacher.importances is not None
    assert subject.setting == again.setting != other.setting


def test_students_are_distinct_and_as_large_as_asked_for() -> None:
    space = space_of("zoo/resnet20")
    found = students(space, 0.25, 5)
    again = students(space, 0.25, 5)
    assert found == again
    candidates = space.candidates(found)
    assert len(set(space.keys(candidates))) == 5
    whole = int(space.costs(space.teacher()).macs)
    assert all(0.2 < macs / whole < 0.3 for macs in space.costs(candidates).macs.tolist())
