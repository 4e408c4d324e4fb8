from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stillhouse import Client
from stillhouse.dataset_source import UnusableDataset
from stillhouse.documents import UploadedTeacher
from stillhouse.placing import placed
from stillhouse.teacher_source import TeacherSource
from tests.stillhouse.fake_server import FakeServer, teacher_document


def quiet(_: str) -> None:
    """Says nothing."""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.npz"
    np.savez(path, labels=np.array([0, 1]))
    return path


def test_both_are_uploaded_and_name_the_job(client: Client, images: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.touch()
    said: list[str] = []
    ready: list[UploadedTeacher] = []
    source = TeacherSource("Little", {"weights": weights}, classes=2)
    found = placed(client, source, images, said.append, ready.append)
    assert found == {
        "teacher": {"id": "tch_1"}, "dataset": {"id": "dst_1"}, "name": "Little on flowers"
    }  # fmt: skip
    assert (ready[0].id, said[0][:5]) == ("tch_1", "dst_1")


def test_other_classes_are_told_before_anything_is_sent(
    client: Client, fake: FakeServer, images: Path
) -> None:
    with pytest.raises(UnusableDataset, match="tells 10 classes"):
        placed(client, TeacherSource("Little", classes=10), images, quiet)
    assert fake.requests == []


def test_other_classes_than_what_is_on_record_are_told(
    client: Client, fake: FakeServer, images: Path
) -> None:
    fake.teachers = [teacher_document(state="ready", summary={"classes": 3})]
    with pytest.raises(UnusableDataset, match="tells 3 classes apart, but the images are of 2"):
        placed(client, {"id": "tch_1"}, images, quiet)
    with pytest.raises(UnusableDataset, match="tells 5 classes apart, but the images are of 2"):
        placed(client, TeacherSource("Little", classes=5), {"id": "dst_1"}, quiet)
    assert {request.method for request in fake.requests} == {"GET"}


def test_uploads_give_the_job_their_names(client: Client, fake: FakeServer) -> None:
    fake.teachers = [teacher_document(state="ready")]
    found = placed(client, {"id": "tch_1"}, {"id": "dst_7"}, quiet)
    assert found["name"] == "Little on flowers"
    assert found["dataset"] == {"id": "dst_7"}
    assert placed(client, {"network": "zoo/vgg19"}, {"name": "digits"}, quiet)["name"] == (
        "zoo/vgg19 on digits"
    )


def test_what_a_request_has_not_is_left_to_the_server(client: Client) -> None:
    assert placed(client, None, {"id": "bogus"}, quiet) == {"dataset": {"id": "bogus"}}
