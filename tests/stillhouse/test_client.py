from __future__ import annotations

from pathlib import Path

import pytest
import torch

from stillhouse import Client, EstimateFailed, Refused, TeacherRejected, UnusableTeacher
from tests.stillhouse.fake_server import (
    JOB_ID,
    FakeServer,
    estimate_document,
    teacher_document,
)
from tests.stillhouse.little import PREPROCESSING, little

REQUEST = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}


def test_a_request_is_sent_as_it_is(client: Client, fake: FakeServer) -> None:
    job = client.submit(REQUEST)
    assert (job.id, job.state) == (JOB_ID, "searching")
    assert fake.bodies("/v1/jobs") == [REQUEST]


def test_the_server_may_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_URL", "http://elsewhere:8001")
    assert Client().url == "http://elsewhere:8001"
    assert Client("http://here:8000").url == "http://here:8000"


def test_the_key_may_be_given_by_the_environment(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLHOUSE_KEY", "shk_of_the_environment")
    Client("http://fake", transport=fake.transport).job(JOB_ID)
    Client("http://fake", "shk_given", transport=fake.transport).job(JOB_ID)
    sent = [request.headers["authorization"] for request in fake.requests]
    assert sent == ["Bearer shk_of_the_environment", "Bearer shk_given"]


def test_a_refused_request_points_at_the_field(client: Client) -> None:
    with pytest.raises(Refused) as caught:
        client.submit({**REQUEST, "search": {"evaluations": 0}})
    assert [error.pointer for error in caught.value.errors] == ["#/search/evaluations"]


def test_an_id_can_not_leave_its_place_in_the_path(client: Client, fake: FakeServer) -> None:
    with pytest.raises(Refused, match="no job"):
        client.job("../embeddings")
    assert fake.requests[-1].url.raw_path == b"/v1/jobs/..%2Fembeddings"


def test_a_dataset_is_uploaded_under_its_file_name(
    client: Client, fake: FakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "flowers.npz"
    path.write_bytes(b"PK images")
    assert client.upload_dataset(path)["id"] == "dst_1"
    sent = fake.requests[-1].content
    assert b'name="file"; filename="flowers.npz"' in sent
    assert b"PK images" in sent
    assert b'name="name"\r\n\r\nflowers\r\n' in sent


def test_a_folder_is_uploaded_as_a_zip_of_its_name(
    client: Client, fake: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    (tmp_path / "pets" / "cat" / "0.png").write_bytes(b"an image")
    monkeypatch.chdir(tmp_path / "pets")
    for path, name in ((tmp_path / "pets", None), (Path(), None), ("../pets", "mine")):
        assert client.upload_dataset(path, name)["id"] == "dst_1"
        sent = fake.requests[-1].content
        assert b'name="file"; filename="pets.zip"' in sent
        assert b"cat/0.png" in sent
        assert b'name="name"\r\n\r\n' + (name or "pets").encode() in sent


def test_arrays_are_a_dataset(client: Client, fake: FakeServer) -> None:
    arrays = (torch.zeros(6, 1, 8, 8, dtype=torch.uint8), torch.arange(6) % 2)
    assert client.upload_dataset(arrays, "mine")["id"] == "dst_1"
    sent = fake.requests[-1].content
    assert b'name="file"; filename="images.npz"' in sent
    assert b'name="name"\r\n\r\nmine' in sent


def test_lists(client: Client) -> None:
    assert [job.id for job in client.jobs()] == [JOB_ID]
    assert [embedding["id"] for embedding in client.embeddings()] == ["emb_2", "emb_1"]
    assert [dataset["id"] for dataset in client.datasets()] == ["dst_1"]


def test_a_module_is_traced_shown_sent_and_waited_for(client: Client, fake: FakeServer) -> None:
    shown: list[str] = []
    teacher = client.upload_teacher(
        little(), example=torch.zeros(1, 1, 8, 8), preprocessing=PREPROCESSING, show=shown.append
    )
    assert (teacher.id, teacher.state) == ("tch_1", "ready")
    assert teacher.summary is not None
    assert teacher.summary["layers"] == 5
    assert shown[0].startswith("Little: 5 weighted layers")
    sent = fake.requests[0].content
    assert b'name="architecture"; filename="architecture.json"' in sent
    assert b'name="weights"; filename="weights.safetensors"' in sent
    assert b'name="preprocessing"\r\n\r\n{"scale": 16.0' in sent


def test_a_rejected_teacher_is_an_error_with_its_reason(client: Client, fake: FakeServer) -> None:
    why = {
        "status": 422,
        "detail": "weights: 'head.weight' has NaN",
        "errors": [{"pointer": "#/weights", "detail": "must be finite"}],
    }
    fake.teachers = [teacher_document(), teacher_document(state="rejected", error=why)]
    with pytest.raises(TeacherRejected, match="has NaN") as caught:
        client.upload_teacher(little(), example=torch.zeros(1, 1, 8, 8), show=lambda _: None)
    assert "#/weights: must be finite" in str(caught.value)
    assert caught.value.exit_code == 4


def test_what_can_not_be_a_teacher_is_never_sent(client: Client, fake: FakeServer) -> None:
    with pytest.raises(UnusableTeacher):
        client.submit(REQUEST, "missing.onnx")
    assert fake.requests == []


def test_a_job_takes_a_module_as_its_teacher(
    client: Client, fake: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    request = {"dataset": {"name": "digits"}}
    client.submit(request, teacher=little(), example=torch.zeros(1, 1, 8, 8))
    assert fake.bodies("/v1/jobs") == [{**request, "teacher": {"id": "tch_1"}}]
    assert "Little: 5 weighted layers" in capsys.readouterr().out
    again = next(client.teachers())
    client.submit(request, again)
    assert fake.bodies("/v1/jobs")[1]["teacher"] == {"id": "tch_1"}


def test_an_estimate_is_waited_for(client: Client, fake: FakeServer) -> None:
    estimate = client.estimate(REQUEST)
    assert (estimate.id, estimate.feasible) == ("est_1", True)
    assert fake.bodies("/v1/estimates") == [REQUEST]


def test_a_job_that_can_not_be_done_has_no_estimate(client: Client, fake: FakeServer) -> None:
    why = {"status": 422, "title": "The network can't be compressed", "detail": "takes colour"}
    fake.estimates = [estimate_document(state="failed", result=None, error=why)]
    with pytest.raises(EstimateFailed, match="takes colour"):
        client.estimate(REQUEST)
