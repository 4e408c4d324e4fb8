from dataclasses import replace

from fastapi.testclient import TestClient

from app.api import create_app
from app.database import Database
from app.errand_leases import claim_errand
from app.estimates import answer_estimate, fail_estimate
from app.services import Services
from tests.app.conftest import URL_OF_API
from tests.app.samples import NEVER_S, REQUEST
from tests.app.test_door import new_key


def test_an_estimate_is_asked_for_as_a_job_is(client: TestClient) -> None:
    answer = client.post("/v1/estimates", json=REQUEST)
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/v1/estimates/{body['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert (body["state"], body["result"], body["error"]) == ("queued", None, None)
    assert body["request"]["search"]["round_to"] == 8
    assert client.get(answer.headers["location"]).json() == body
    assert client.get("/v1/jobs").json()["items"] == []


def test_what_is_wrong_is_pointed_at(client: TestClient) -> None:
    unknown = client.post("/v1/estimates", json=REQUEST | {"teacher": {"network": "zoo/x"}})
    wrong = client.post("/v1/estimates", json=REQUEST | {"search": {"evaluations": 0}})
    assert (unknown.status_code, wrong.status_code) == (422, 422)
    assert [e["pointer"] for e in unknown.json()["errors"]] == ["#/teacher/network"]
    assert [e["pointer"] for e in wrong.json()["errors"]] == ["#/search/evaluations"]


def test_a_key_is_told_when_to_ask_again(services: Services) -> None:
    settings = replace(services.settings, max_waiting_jobs_per_key=1)
    client = TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)
    key = new_key(services.database, "submit")
    found = [client.post("/v1/estimates", json=REQUEST, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in found] == [202, 429]
    assert found[1].json()["type"] == "urn:stillhouse:problem:too-many"
    assert int(found[1].headers["retry-after"]) >= 1


def test_the_answer_is_shown_and_then_stays(client: TestClient, database: Database) -> None:
    place = client.post("/v1/estimates", json=REQUEST).headers["location"]
    lease = claim_errand(database, "one", NEVER_S)
    assert lease is not None
    assert client.get(place).json()["state"] == "running"
    answer_estimate(database, lease, {"removals": 3})
    shown = client.get(place)
    assert (shown.json()["state"], shown.json()["result"]) == ("succeeded", {"removals": 3})
    assert shown.json()["finished_at"].endswith("Z")
    again = client.get(place, headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304


def test_why_there_is_none_is_shown(client: TestClient, database: Database) -> None:
    place = client.post("/v1/estimates", json=REQUEST).headers["location"]
    lease = claim_errand(database, "one", NEVER_S)
    assert lease is not None
    fail_estimate(database, lease, {"title": "The network can't be compressed", "status": 422})
    body = client.get(place).json()
    assert (body["state"], body["result"]) == ("failed", None)
    assert body["error"]["title"] == "The network can't be compressed"


def test_another_id_is_none(client: TestClient) -> None:
    assert client.get("/v1/estimates/est_" + "a" * 22).status_code == 404
    assert client.get("/v1/estimates/job_1").status_code == 404
