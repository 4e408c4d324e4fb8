"""The exam: the test split is read, once, and the teacher is the first to answer."""

from __future__ import annotations

from dataclasses import dataclass

from workers.answers import TeacherAnswers, teacher_answers
from workers.data import Labelled
from workers.evaluation import Evaluation
from workers.pool import Placed
from workers.preparation import Prepared
from workers.work import Work


@dataclass(frozen=True)
class Exam:
    """What every final student is tested on.

    Attributes:
        split: the test images, where every worker finds them.
        answers: the teacher's, in the same way.
        teacher: what they are worth.
    """

    split: Placed[Labelled]
    answers: Placed[TeacherAnswers]
    teacher: Evaluation


def hold_exam(work: Work, prepared: Prepared) -> Exam:
    """Reads the test split, has the teacher answer, and puts its accuracy on record.

    Raises:
        WorkFailed: the teacher can't be run.
        LeaseLost, Stopping, Commanded: as `Work.check`.
    """
    work.writer.set_stage("reading the test split")
    split = work.pool.place(prepared.dataset.select(prepared.splits.test))
    answers = work.run(
        "the teacher's test", teacher_answers, prepared.teacher, split, prepared.preprocessing
    )
    work.writer.record_teacher_test(answers.evaluation.accuracy)
    return Exam(split, work.pool.place(answers), answers.evaluation)
