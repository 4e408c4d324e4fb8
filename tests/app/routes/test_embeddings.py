from fastapi.testclient import TestClient

from app.database import Database
from app.records import NewEmbedding
from tests.app.samples import REQUEST, held_job


def test_a_saved_embedding_is_shown_and_can_be_started_from(
    client: TestClient, database: Database
) -> None:
    lease, writer = held_job(database)
    embedding = NewEmbedding("key", "sha", 9, "zoo/resnet20", "digits", 24, 8, {"version": 1})
    writer.finish("succeeded", embedding=embedding)
    (shown,) = client.get("/v1/embeddings").json()["items"]
    assert client.get(f"/v1/jobs/{lease.job_id}").json()["embedding"] == shown["id"]
    assert client.get(f"/v1/embeddings/{shown['id']}").json() == shown
    shown.pop("created_at")
    assert shown == {
        "id": shown["id"],
        "job": lease.job_id,
        "teacher": "zoo/resnet20",
        "dataset": "digits",
        "trials": 24,
        "kernels": 8,
        "bytes": 9,
        "sha256": "sha",
        "summary": {"version": 1},
    }
    search = {"embedding": {"from": shown["id"], "mode": "adapt"}}
    answer = client.post("/v1/jobs", json=REQUEST | {"search": search})
    assert answer.status_code == 202
    assert answer.json()["request"]["search"]["embedding"] == search["embedding"]


def test_no_such_embedding(client: TestClient) -> None:
    assert client.get(f"/v1/embeddings/emb_{'a' * 22}").status_code == 404


def test_an_embedding_is_deleted(client: TestClient, database: Database) -> None:
    lease, writer = held_job(database)
    embedding = NewEmbedding("key", "sha", 9, "zoo/resnet20", "digits", 24, 8, {"version": 1})
    writer.finish("succeeded", embedding=embedding)
    path = f"/v1/embeddings/{client.get('/v1/embeddings').json()['items'][0]['id']}"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert client.get(f"/v1/jobs/{lease.job_id}").json()["embedding"] is None
