from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from stillhouse import Client, JobFailed, UnusableDataset
from stillhouse.compressing import teacher_named
from stillhouse.documents import UploadedTeacher
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document, teacher_document
from tests.stillhouse.little import little

EXAMPLE = torch.zeros(1, 1, 8, 8)
IMAGES = (np.zeros((12, 8, 8), np.uint8), np.arange(12) % 10)


def succeeds(fake: FakeServer) -> None:
    states = ("queued", "queued", "searching", "paused", "searching", "succeeded")
    fake.jobs = [job_document(state=state) for state in states]
    fake.files = {"student.pt2": b"graph"}


def test_a_module_and_its_images_become_a_student(
    client: Client, fake: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    succeeds(fake)
    student = client.compress(
        little(),
        EXAMPLE,
        dataset=IMAGES,
        constraints={"params_ratio": 0.25},
        name="mine",
        search={"evaluations": 3},
    )
    assert (student.id, student.job_id, student.score) == ("std_1", JOB_ID, 0.9912)
    assert fake.bodies("/v1/jobs") == [
        {
            "name": "mine",
            "search": {"evaluations": 3},
            "constraints": {"params_ratio": 0.25},
            "teacher": {"id": "tch_1"},
            "dataset": {"id": "dst_1"},
        }
    ]
    said = capsys.readouterr().out
    assert said.startswith("Little: 5 weighted layers")
    assert "dst_1 (flowers): 1,530 images" in said
    assert f"{JOB_ID} paused" in said
    assert said.splitlines()[-1].startswith(f"{JOB_ID} succeeded")


def test_names_need_no_upload(client: Client, fake: FakeServer) -> None:
    succeeds(fake)
    client.compress("zoo/resnet20", dataset="digits")
    assert fake.bodies("/v1/jobs") == [
        {
            "name": "zoo/resnet20 on digits",
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "constraints": {},
        }
    ]
    assert {r.url.path.split("/")[2] for r in fake.requests} == {"jobs"}


def test_a_teacher_has_many_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert teacher_named(UploadedTeacher.read(teacher_document())) == {"id": "tch_1"}
    assert teacher_named("tch_2") == {"id": "tch_2"}
    assert teacher_named("timm/resnet10t") == {"network": "timm/resnet10t"}
    assert teacher_named(tmp_path) is None
    assert teacher_named("model.onnx") is None
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "mine.onnx").touch()
    assert teacher_named("zoo/mine.onnx") is None


def test_images_that_can_be_none_stop_it_before_anything_is_sent(
    client: Client, fake: FakeServer
) -> None:
    with pytest.raises(UnusableDataset, match="whole numbers"):
        client.compress(little(), EXAMPLE, dataset=(IMAGES[0] / 255, IMAGES[1]))
    assert fake.requests == []


def test_other_classes_stop_it_before_anything_is_sent(client: Client, fake: FakeServer) -> None:
    with pytest.raises(UnusableDataset, match="tells 10 classes apart, but the images are of 2"):
        client.compress(little(), EXAMPLE, dataset=(IMAGES[0], np.arange(12) % 2))
    assert fake.requests == []


def test_a_misspelled_field_stops_it_before_anything_is_sent(
    client: Client, fake: FakeServer
) -> None:
    with pytest.raises(TypeError, match=r"takes no serach; .*search, training"):
        client.compress(little(), EXAMPLE, dataset=IMAGES, serach={})  # type: ignore[call-arg]
    assert fake.requests == []


def test_who_leaves_is_told_how_to_come_back(fake: FakeServer) -> None:
    said: list[str] = []

    def leave(_: float) -> None:
        if fake.bodies("/v1/jobs"):
            raise KeyboardInterrupt

    with (
        Client("http://fake", transport=fake.transport, sleep=leave) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.compress("zoo/resnet20", dataset="digits", show=said.append)
    (hint,) = said
    assert f'client.job("{JOB_ID}")' in hint
    assert not any(request.url.path.endswith("/cancel") for request in fake.requests)


def test_a_job_that_fails_raises_its_reason(client: Client, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="failed", error={"detail": "no better than chance"})]
    with pytest.raises(JobFailed, match="no better than chance"):
        client.compress("zoo/resnet20", dataset="digits")
