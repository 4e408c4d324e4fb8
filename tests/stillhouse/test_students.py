from __future__ import annotations

import pytest

from stillhouse.errors import NotAnswered
from stillhouse.students import ParetoSet, Student
from tests.stillhouse.fake_server import job_document, pareto_document, trial_document

FILES = {"student.pt2": b"graph"}
BEST = job_document()["best"] | {"final": False, "test_accuracy": None, "files": []}


@pytest.mark.parametrize("missing", ["student", "final", "files"])
def test_a_student_without_what_it_must_have_is_no_answer(missing: str) -> None:
    document = {name: value for name, value in BEST.items() if name != missing}
    with pytest.raises(NotAnswered, match=missing if missing != "student" else "id"):
        Student.read(document)


def test_the_best_is_a_student() -> None:
    student = Student.read(BEST)
    assert (student.id, student.accuracy, student.score) == ("std_1", 0.9777, 0.9912)
    assert (student.final, student.test_accuracy, student.files) == (False, None, ())


def test_a_trial_of_a_pareto_set_has_the_student_that_it_became() -> None:
    items = [trial_document(2), pareto_document(1, "std_9", files=FILES)]
    found = ParetoSet.read({"items": items, "costs": ["macs"]})
    first, second = found.trials
    assert (first.student, second.number, second.accuracy) == (None, 1, 0.9)
    assert second.student is not None
    assert (second.student.id, second.student.final) == ("std_9", True)
    assert (second.student.accuracy, second.student.test_accuracy) == (0.925, 0.92)
    assert [file.href for file in second.student.files] == ["/v1/students/std_9/files/student.pt2"]


def test_the_final_students_of_a_pareto_set_are_told_apart() -> None:
    items = [trial_document(3), pareto_document(2, "std_1", final=False)]
    items.append(pareto_document(1, "std_9"))
    found = ParetoSet.read({"items": items, "costs": ["macs"]})
    assert [student.id for student in found.final_students] == ["std_9"]
