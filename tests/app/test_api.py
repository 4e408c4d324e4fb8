import gc
import json

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.database import Database
from app.services import Services
from tests.app.queries import statements
from tests.app.samples import completed_trial, new_job, new_student, searching_job


def test_openapi_describes_every_route(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    for path in schema["paths"].values():
        assert all(operation["description"] for operation in path.values())


def test_openapi_refers_to_what_it_has_and_shows_an_example(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    components = schema["components"]["schemas"]
    assert "JobRequest" in components
    assert components["JobRequest"]["examples"][0]["teacher"] == {"network": "zoo/resnet20"}
    for reference in json.dumps(schema).split("#/components/schemas/")[1:]:
        assert reference.partition('"')[0] in components
    assert "required" not in components["TeacherRequest"]


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/v1/jobs", 1),
        ("/v1/jobs/{job}", 1),
        ("/v1/jobs/{job}/trials", 2),
        ("/v1/jobs/{job}/trials?limit=500", 2),
        ("/v1/jobs/{job}/best", 3),
        ("/v1/jobs/{job}/pareto", 5),
        ("/v1/datasets", 1),
        ("/v1/teachers", 1),
        ("/v1/embeddings", 1),
        ("/readyz", 1),
    ],
)
def test_a_request_takes_as_many_queries_however_much_there_is(
    client: TestClient, services: Services, database: Database, path: str, most: int
) -> None:
    lease, writer = searching_job(database)
    writer.add_student(new_student(), best=True)
    few = _queries(client, services, path.format(job=lease.job_id))
    with database.write() as session:
        session.add_all(completed_trial(lease.job_id, number) for number in range(3, 300))
    for number in range(3, 6):
        writer.add_student(new_student(trial=number), best=True)
        new_job(database, name=f"another {number}")
    many = _queries(client, services, path.format(job=lease.job_id))
    assert 0 < len(many) == len(few) <= most, many


def test_a_page_of_trials_counts_none(
    client: TestClient, services: Services, database: Database
) -> None:
    lease, _ = searching_job(database)
    queries = _queries(client, services, f"/v1/jobs/{lease.job_id}/trials")
    assert [one for one in queries if "count(" in one] == []
    assert any("FROM jobs" in one for one in queries)


def _queries(client: TestClient, services: Services, path: str) -> list[str]:
    """Returns the queries that a request takes."""
    with statements(services.database) as sent:
        answer = client.get(path)
    assert answer.status_code == 200
    # Beside the look at the keys, which comes twice a second at most.
    return [one for one in sent if one.startswith("SELECT") and "api_keys" not in one]


def test_garbage_is_looked_for_now_and_then_while_it_serves(services: Services) -> None:
    before = gc.get_threshold()
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        assert client.get("/healthz").status_code == 200
        assert gc.get_threshold()[2] > 1_000_000
    assert gc.get_threshold() == before
