from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cifar.subject import code_hash, make_subject, write_archive
from benchmarks.inherit.subject import cifar_dataset, job_data
from tests.benchmarks.inherit.samples import write_cifar, write_teacher
from workers.uploaded_dataset import load_npz


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    write_cifar(tmp_path)
    write_teacher(tmp_path / "teacher")
    return tmp_path


def test_a_job_makes_the_same_splits_of_the_archive(cifar: Path) -> None:
    dataset = cifar_dataset(cifar, images=60)
    with write_archive(dataset, cifar / "archive.npz").open("rb") as file:
        uploaded = load_npz("x", file, cifar)
    assert uploaded.content == dataset.content
    assert np.array_equal(uploaded.splits.train, dataset.splits.train)
    assert uploaded.given_test == 10
    assert len(dataset.splits.train) + len(dataset.splits.validation) == 60
    assert uploaded.preprocessing((32, 32)) == job_data(dataset).preprocessing


def test_the_setting_is_of_images_teacher_and_limits(
    cifar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = make_subject(cifar, cifar, cifar / "teacher", (60, 1))
    first = subject.setting("limits", 1)
    later = time.time() + 1000
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(later))  # a zip's is of the file
    assert make_subject(cifar, cifar, cifar / "teacher", (60, 9)).setting("limits", 1) == first
    fewer = make_subject(cifar, cifar, cifar / "teacher", (50, 1))
    (cifar / "other").write_bytes((cifar / "teacher").read_bytes()[:-1] + b"x")
    other = replace(subject, teacher=cifar / "other")
    settings = [fewer.setting("limits", 1), other.setting("limits", 1), subject.setting("limits")]
    assert len({first, *settings}) == 4


def test_the_teacher_is_trained_if_there_is_none(cifar: Path) -> None:
    subject = make_subject(cifar, cifar, cifar / "made" / "teacher", (40, 1))
    assert subject.teacher.exists()
    assert len(subject.data.train) + len(subject.data.validation) == 40


def test_the_code_has_a_hash() -> None:
    assert len(code_hash()) == 12
    assert code_hash() == code_hash()
