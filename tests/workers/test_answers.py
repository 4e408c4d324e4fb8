import numpy as np
import torch

from tests.workers.trained import Trained
from workers.answers import teacher_answers
from workers.evaluation import evaluate
from workers.measuring import logits_of


def test_the_teacher_s_answers_are_its_logits_and_what_they_are_worth(trained: Trained) -> None:
    split, preprocessing = trained.data.validation, trained.data.preprocessing
    found = teacher_answers(trained.teacher, split, preprocessing)
    expected = logits_of(trained.teacher.module(), split, preprocessing)
    torch.testing.assert_close(torch.from_numpy(found.logits), expected)
    assert found.logits.dtype == np.float32
    assert found.evaluation.images == len(split)
    assert found.evaluation.agreement is None
    assert found.evaluation.to_json() == evaluate(found.logits, split.labels).to_json()
