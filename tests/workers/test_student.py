import torch

from networks import Edits
from tests.workers.trained import Trained
from workers.measuring import as_tensor
from workers.student import student_architecture, student_module


def test_the_unedited_student_inherits_the_whole_teacher(trained: Trained) -> None:
    edits = Edits(removed=(), widths={}, skips=()).to_json()
    student = student_module(trained.teacher, edits, None).eval()
    x = trained.data.preprocessing.apply(as_tensor(trained.data.validation.images))
    with torch.no_grad():
        torch.testing.assert_close(student(x), trained.teacher.module()(x))


def test_the_student_s_architecture_is_the_space_s(trained: Trained) -> None:
    architecture = student_architecture(trained.teacher, trained.edits.to_json())
    assert architecture.hash == trained.space.student(trained.edits).hash
    assert architecture.hash != trained.space.architecture.hash
