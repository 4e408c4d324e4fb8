from dataclasses import replace

import pytest

from app.bodies import TrialBody
from app.pareto_body import ParetoBody
from app.records import StoredStudentFile, StudentRecord, TrialSource
from tests.app.test_bodies import STUDENT
from tests.app.test_pareto import TRIALS

EARLY = replace(STUDENT, id="std_early", trial_number=1, final=False, test_accuracy=None)
FINAL = replace(EARLY, id="std_final", final=True, accuracy=0.95, test_accuracy=0.94)


@pytest.mark.parametrize("students", [(EARLY, FINAL), (FINAL, EARLY)])
def test_a_trial_has_its_final_student_whichever_came_first(
    students: tuple[StudentRecord, ...],
) -> None:
    first, second = ParetoBody.of(TRIALS[:2], students, ("macs",)).items
    assert first.student is None
    assert second.student is not None
    assert (second.student.id, second.student.accuracy) == ("std_final", 0.95)
    assert second.accuracy == TRIALS[1].accuracy


def test_without_a_final_student_it_has_the_other() -> None:
    (item,) = ParetoBody.of(TRIALS[1:2], (EARLY,), ("macs",)).items
    assert item.student is not None
    assert (item.student.id, item.student.final) == ("std_early", False)


def test_a_student_tells_where_its_files_are() -> None:
    file = StoredStudentFile("report.json", "key", 5, "sha")
    (item,) = ParetoBody.of(TRIALS[1:2], (replace(FINAL, files=(file,)),), ("macs",)).items
    assert item.student is not None
    assert [file.model_dump() for file in item.student.files] == [
        {
            "name": "report.json",
            "bytes": 5,
            "sha256": "sha",
            "href": "/v1/students/std_final/files/report.json",
        }
    ]


def test_the_rest_of_a_trial_is_as_in_the_list_of_trials() -> None:
    trial = replace(TRIALS[1], reused_from=TrialSource("job_1", 3))
    (item,) = ParetoBody.of([trial], (FINAL,), ("macs",)).items
    assert item.model_dump(exclude={"student"}) == TrialBody.of(trial).model_dump()
