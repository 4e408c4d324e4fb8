from typing import Any

import pytest

from app.bodies import Body
from app.dataset_balance import imbalance
from app.dataset_body import DatasetBody
from app.teacher_bodies import ListedTeacherBody, UploadedTeacherBody
from app.upload_examples import UPLOADS


@pytest.mark.parametrize("kind", [DatasetBody, ListedTeacherBody, UploadedTeacherBody])
def test_an_example_is_a_whole_body_and_nothing_else(kind: type[Body]) -> None:
    example: dict[str, Any] = UPLOADS[kind.__name__]
    assert kind.model_validate(example).model_dump(mode="json") == example


def test_the_datasets_figures_go_together() -> None:
    example = UPLOADS["DatasetBody"]
    assert sum(example["class_counts"]) == example["n"]
    assert len(example["class_counts"]) == len(example["classes"])
    assert imbalance(example["class_counts"]) == example["imbalance"]
    assert example["samples"] == f"/v1/datasets/{example['id']}/samples"
