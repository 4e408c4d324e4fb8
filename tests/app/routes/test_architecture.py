from dataclasses import replace

from fastapi.testclient import TestClient

from app.database import Database
from app.services import Services
from tests.app.samples import TEACHER, held_job, new_job


def test_the_teachers_graph_is_shown(
    client: TestClient, database: Database, services: Services
) -> None:
    lease, writer = held_job(database)
    services.artifacts.put_bytes("jobs/graph.json", b'{"layers": []}')
    writer.record_teacher(replace(TEACHER, architecture_key="jobs/graph.json"))
    path = f"/v1/jobs/{lease.job_id}/architecture"
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"layers": []})
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_teacher_that_is_not_ready_has_no_graph(client: TestClient, database: Database) -> None:
    answer = client.get(f"/v1/jobs/{new_job(database)}/architecture")
    assert answer.status_code == 404
    assert "not ready" in answer.json()["detail"]
    assert client.get(f"/v1/jobs/job_{'a' * 22}/architecture").status_code == 404


def test_a_graph_that_is_gone_is_told(client: TestClient, database: Database) -> None:
    lease, writer = held_job(database)
    writer.record_teacher(TEACHER)
    answer = client.get(f"/v1/jobs/{lease.job_id}/architecture")
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:stillhouse:problem:gone")
