from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse import Client, Refused
from tests.stillhouse.fake_server import JOB_ID, FakeServer

REQUEST = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}


def test_a_request_is_sent_as_it_is(client: Client, fake: FakeServer) -> None:
    job = client.submit(REQUEST)
    assert (job.id, job.state) == (JOB_ID, "searching")
    assert fake.bodies("/v1/jobs") == [REQUEST]


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


def test_lists(client: Client) -> None:
    assert [job.id for job in client.jobs()] == [JOB_ID]
    assert [embedding["id"] for embedding in client.embeddings()] == ["emb_2", "emb_1"]
    assert [dataset["id"] for dataset in client.datasets()] == ["dst_1"]
