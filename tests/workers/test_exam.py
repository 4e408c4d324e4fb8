import numpy as np

from app.artifacts import Artifacts
from app.database import Database
from tests.workers.jobs import InlinePool, held_work, read_job
from workers.exam import hold_exam
from workers.measuring import measure
from workers.preparation import prepare


def test_the_test_split_is_read_for_the_teacher_and_kept_for_its_students(
    database: Database, artifacts: Artifacts
) -> None:
    work = held_work(database, artifacts)
    prepared = prepare(work)
    assert isinstance(work.pool, InlinePool)
    work.pool.sent.clear()
    exam = hold_exam(work, prepared)
    assert work.pool.sent == ["the teacher's test"]
    test = prepared.dataset.select(prepared.splits.test)
    np.testing.assert_array_equal(exam.split.reference.images, test.images)
    np.testing.assert_array_equal(exam.split.reference.labels, test.labels)
    accuracy = measure(prepared.teacher.reference.module(), test, prepared.preprocessing)
    assert exam.teacher.accuracy == accuracy
    assert exam.answers.reference.evaluation is exam.teacher
    assert exam.answers.reference.logits.shape == (len(test), 2)
    job = read_job(database, work.job.id)
    assert job.teacher is not None
    assert (job.teacher.test_accuracy, job.stage) == (accuracy, "reading the test split")
