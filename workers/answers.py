"""What the teacher answers on the test split: computed once, and compared with every student's."""

from __future__ import annotations

from dataclasses import dataclass

from workers.data import Labelled
from workers.evaluation import Evaluation, Logits, evaluate
from workers.measuring import logits_of
from workers.preprocessing import Preprocessing
from workers.teacher import Teacher


@dataclass(frozen=True)
class TeacherAnswers:
    """The teacher's logits (float32 `n x classes`) on the test split, and what they are worth."""

    logits: Logits
    evaluation: Evaluation


def teacher_answers(
    teacher: Teacher, test: Labelled, preprocessing: Preprocessing
) -> TeacherAnswers:
    """Returns the teacher's answers in float32; runs on a worker."""
    logits: Logits = logits_of(teacher.module(), test, preprocessing).numpy()
    return TeacherAnswers(logits, evaluate(logits, test.labels))
