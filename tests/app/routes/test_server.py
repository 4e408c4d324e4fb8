from importlib.metadata import version

from fastapi.testclient import TestClient

from app.database import Database
from app.jobs import create_job
from app.requests import JobRequest
from tests.app.samples import REQUEST
from tests.app.test_door import new_key


def test_a_server_tells_what_it_is(client: TestClient) -> None:
    assert client.get("/v1/server").json() == {
        "version": version("stillhouse"),
        "key": None,
        "coordinators": {"busy": False, "working": 0, "waiting": 0, "oldest_waiting_s": None},
    }
    client.post("/v1/jobs", json=REQUEST)
    assert client.get("/v1/server").json()["coordinators"]["waiting"] == 1


def test_a_key_is_told_what_it_may_do(client: TestClient, database: Database) -> None:
    with database.write() as session:
        create_job(session, JobRequest.model_validate(REQUEST))
    header = new_key(database, "read", name="ada")
    found = client.get("/v1/server", headers=header).json()
    assert found["key"] == {"name": "ada", "scopes": ["read"]}
    assert found["coordinators"]["waiting"] == 0  # of the others nothing is told
    assert client.get("/v1/server").status_code == 401
