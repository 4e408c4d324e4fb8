from __future__ import annotations

import pytest

from benchmarks.inherit.comparison import Student, measured, starts, trained
from benchmarks.inherit.subject import Sizes, Subject, load_cifar, make_subject, students
from networks.importance import CRITERIA
from tests.benchmarks.inherit.samples import write_cifar, write_teacher


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("cifar")
    write_cifar(folder)
    write_teacher(folder / "teacher")
    return make_subject(load_cifar(folder), folder / "teacher", Sizes(1, 2, 60, 12))


def test_a_student_starts_from_each_choice_and_is_trained_from_one(subject: Subject) -> None:
    student = Student(0.1, 3, students(subject.space, 0.1, 1)[0])
    found = starts(subject, student)
    plain, *recomputed = found
    assert (plain.row.recomputed, plain.row.seen) == (False, None)
    assert sorted(x for start in recomputed for x in start.row.criteria) == sorted(CRITERIA)
    assert all(start.row.recomputed and start.row.seen is not None for start in recomputed)
    before = measured(subject, student, recomputed[0])
    assert set(before.accuracy) == {"0"}
    row = trained(subject, student, recomputed[0], 2)
    assert set(row.accuracy) == {"0", "1", "2"}
    assert row.accuracy["0"] == before.accuracy["0"]
    assert row.key == before.key._replace(trained=True)
    assert row.train_s > 0
    again = trained(subject, student, recomputed[0], 2)
    assert again.accuracy == row.accuracy
