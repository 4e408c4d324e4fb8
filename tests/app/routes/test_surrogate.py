from fastapi.testclient import TestClient

from app.database import Database
from tests.app.samples import held_job

OUTLOOK: dict[str, object] = {
    "trials": 3,
    "random_search": [0.5, 0.75],
    "map": {"explained": [0.6, 0.2], "points": [{"number": 0, "x": 0.5, "y": -1.0}]},
}


def test_it_is_null_until_there_is_something_and_then_told(
    client: TestClient, database: Database
) -> None:
    lease, writer = held_job(database)
    path = f"/v1/jobs/{lease.job_id}/surrogate"
    before = client.get(path)
    assert (before.status_code, before.json()["trials"], before.json()["map"]) == (200, 0, None)
    tag = {"If-None-Match": before.headers["etag"]}
    assert client.get(path, headers=tag).status_code == 304
    writer.record_surrogate(OUTLOOK)
    after = client.get(path, headers=tag)
    assert after.status_code == 200
    assert {name: after.json()[name] for name in OUTLOOK} == OUTLOOK
    assert after.json()["updated_at"].endswith("Z")


def test_there_is_none_of_no_job(client: TestClient) -> None:
    assert client.get(f"/v1/jobs/job_{'a' * 22}/surrogate").status_code == 404
