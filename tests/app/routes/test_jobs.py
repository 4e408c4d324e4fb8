import json
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.database import Database
from app.leases import claim
from app.records import StoredStudentFile, TrialSource
from app.services import Services
from app.watch import Watch
from tests.app.conftest import URL_OF_API
from tests.app.samples import (
    NEVER_S,
    REQUEST,
    RESULT,
    TEACHER,
    held_job,
    new_job,
    new_student,
    new_trial,
    searching_job,
)

FILE = StoredStudentFile("report.json", "key", 5, "sha")
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def test_a_submitted_job_is_in_the_queue(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json=REQUEST | {"name": "digits on a phone"})
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{body['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert (body["state"], body["name"]) == ("queued", "digits on a phone")
    assert body["request"]["search"]["evaluations"] == 40
    assert body["created_at"].endswith("Z")
    assert client.get(answer.headers["location"]).json() == body


def test_what_is_wrong_is_pointed_at_and_nothing_is_queued(client: TestClient) -> None:
    wrong = {
        "teacher": {"id": "tch_1", "network": "zoo/resnet20"},
        "dataset": {"name": "digits", "x": 1},
        "objective": {"kind": "score", "costs": ["macs"]},
        "search": {"evaluations": -1},
    }
    answer = client.post("/v1/jobs", json=wrong)
    assert answer.status_code == 422
    errors = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert "not both" in errors["#/teacher"]
    assert "only the kind `pareto`" in errors["#/objective/costs"]
    assert errors["#/dataset/x"] == "there is no such field"
    assert "greater than or equal to 1" in errors["#/search/evaluations"]
    assert client.get("/v1/jobs").json() == {"items": [], "next": None}


def test_a_pareto_job_of_no_costs_is_told_how_many(client: TestClient) -> None:
    wrong = REQUEST | {"objective": {"kind": "pareto", "costs": []}}
    answer = client.post("/v1/jobs", json=wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "#/objective/costs", "detail": "expected 1 or more, got 0"}
    ]


def test_a_job_shows_its_progress_and_best(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    student_id = writer.add_student(new_student(), best=True)
    body = client.get(f"/v1/jobs/{lease.job_id}").json()
    assert body["state"] == "searching"
    assert body["progress"] == {
        "stage": "searching",
        "completed": 1,
        "running": 1,
        "failed": 0,
        "stopped": 0,
        "total": 40,
    }
    assert body["best"] == {
        "trial": 0,
        "student": student_id,
        "score": 0.97,
        "accuracy": 0.9,
        "params": 200,
        "params_ratio": 0.2,
        "macs": 3000,
        "macs_ratio": 0.3,
        "bytes": 900,
        "bytes_ratio": 0.225,
        "latency_ms": None,
    }
    assert client.get("/v1/jobs").json()["items"] == [body]


def test_those_who_poll_are_told_when_nothing_changed(
    client: TestClient, database: Database
) -> None:
    lease, writer = held_job(database)
    first = client.get(f"/v1/jobs/{lease.job_id}")
    known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = client.get(f"/v1/jobs/{lease.job_id}", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    writer.set_stage("something new")
    assert client.get(f"/v1/jobs/{lease.job_id}", headers=known).status_code == 200


def test_pages_follow_one_another(client: TestClient, database: Database) -> None:
    made = {new_job(database) for _ in range(5)}
    seen, cursor = [], None
    for _ in range(3):
        page = client.get("/v1/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [job["id"] for job in page.json()["items"]]
        cursor = page.json()["next"]
    assert cursor is None
    assert set(seen) == made
    assert len(seen) == 5


def test_trials_are_listed_in_pages(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    writer.trial_failed(1, {"title": "diverged"})
    path = f"/v1/jobs/{lease.job_id}/trials"
    first = client.get(path, params={"limit": 2}).json()
    assert first["items"][0] == {
        "number": 0,
        "state": "completed",
        "edits": {"widths": {"a": 0}},
        "params": 200,
        "macs": 3000,
        "bytes": 900,
        "accuracy": 0.9,
        "score": 0.97,
        "epochs": 5,
        "duration_s": 1.5,
        "seed": 7,
        "error": None,
        "latency_ms": None,
        "reused_from": None,
        "curve": None,
        "criterion": None,
        "lost_attempts": [],
    }
    assert first["items"][1]["error"] == {"title": "diverged"}
    second = client.get(path, params={"limit": 2, "cursor": first["next"]}).json()
    assert [trial["number"] for trial in second["items"]] == [2]
    assert second["next"] is None


def test_the_best_student_is_there_at_any_time(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    path = f"/v1/jobs/{lease.job_id}/best"
    assert client.get(path).status_code == 404
    student_id = writer.add_student(new_student((FILE,)), best=True)
    body = client.get(path).json()
    assert (body["student"], body["final"], body["job"]) == (student_id, False, lease.job_id)
    assert body["files"] == [
        {
            "name": "report.json",
            "bytes": 5,
            "sha256": "sha",
            "href": f"/v1/students/{student_id}/files/report.json",
        }
    ]


def test_the_pareto_set_is_there_at_any_time(client: TestClient, database: Database) -> None:
    lease, writer = held_job(database, objective={"kind": "pareto", "costs": ["params", "bytes"]})
    path = f"/v1/jobs/{lease.job_id}/pareto"
    assert client.get(path).json() == {"items": [], "costs": ["params", "bytes"]}
    writer.record_teacher(TEACHER)
    sizes = [(300, 0.9), (200, 0.8), (400, 0.85), (100, 0.7)]
    new = [replace(new_trial(n), params=params) for n, (params, _) in enumerate(sizes)]
    writer.add_trials(new, None)
    for number, (_, accuracy) in enumerate(sizes[:3]):
        writer.trial_completed(number, replace(RESULT, accuracy=accuracy))
    body = client.get(path).json()
    assert [trial["number"] for trial in body["items"]] == [1, 0]
    first = client.get(f"/v1/jobs/{lease.job_id}/trials").json()["items"][0]
    assert body["items"][1] == first | {"student": None}


def test_a_pareto_set_has_the_students_that_its_trials_became(
    client: TestClient, database: Database
) -> None:
    lease, writer = searching_job(database)
    path = f"/v1/jobs/{lease.job_id}/pareto"
    final = replace(new_student((FILE,), final=True), accuracy=0.94, test_accuracy=0.93)
    final_id = writer.add_student(final, best=False)
    writer.add_student(new_student(), best=True)
    writer.add_student(new_student(trial=1), best=False)
    (item,) = client.get(path).json()["items"]
    assert (item["number"], item["accuracy"]) == (0, 0.9)
    href = f"/v1/students/{final_id}/files/report.json"
    assert item["student"] == {
        "id": final_id,
        "final": True,
        "accuracy": 0.94,
        "test_accuracy": 0.93,
        "score": 0.97,
        "latency_ms": None,
        "files": [{"name": "report.json", "bytes": 5, "sha256": "sha", "href": href}],
    }


def test_a_student_from_before_the_final_training_is_in_the_pareto_set(
    client: TestClient, database: Database
) -> None:
    lease, writer = searching_job(database)
    student_id = writer.add_student(new_student(), best=True)
    (item,) = client.get(f"/v1/jobs/{lease.job_id}/pareto").json()["items"]
    assert (item["student"]["id"], item["student"]["final"]) == (student_id, False)


def test_a_job_with_another_objective_has_a_pareto_set_by_its_macs(
    client: TestClient, database: Database
) -> None:
    lease, _ = searching_job(database)
    body = client.get(f"/v1/jobs/{lease.job_id}/pareto").json()
    assert ([trial["number"] for trial in body["items"]], body["costs"]) == ([0], ["macs"])


def test_too_many_jobs_are_told_when_to_come_again(services: Services) -> None:
    settings = replace(services.settings, max_jobs=1)
    app = create_app(replace(services, settings=settings))
    with TestClient(app, base_url=URL_OF_API) as client:
        assert client.post("/v1/jobs", json=REQUEST).status_code == 202
        refused = client.post("/v1/jobs", json=REQUEST)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["type"] == "urn:stillhouse:problem:too-many"


def test_a_full_disk_takes_no_job(services: Services) -> None:
    settings = replace(services.settings, min_free_bytes=2**60)
    app = create_app(replace(services, settings=settings))
    with TestClient(app, base_url=URL_OF_API) as client:
        refused = client.post("/v1/jobs", json=REQUEST)
        assert client.get("/v1/jobs").json()["items"] == []
    assert (refused.status_code, refused.json()["type"]) == (
        507,
        "urn:stillhouse:problem:storage-full",
    )


def test_the_pareto_set_is_described(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    answers = described["paths"]["/v1/jobs/{job_id}/pareto"]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ParetoBody"}
    assert "404" in answers


def test_a_reused_trial_names_its_source(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    writer.trial_reused(2, RESULT, TrialSource("job_1", 5), seed=3)
    trial = client.get(f"/v1/jobs/{lease.job_id}/trials").json()["items"][2]
    assert trial["reused_from"] == {"job": "job_1", "trial": 5}
    assert (trial["state"], trial["seed"]) == ("completed", 3)


def test_commands_are_accepted(client: TestClient, database: Database) -> None:
    path = f"/v1/jobs/{new_job(database)}"
    paused = client.post(f"{path}/pause")
    assert (paused.status_code, paused.json()["state"]) == (202, "paused")
    assert paused.headers["location"] == path
    assert client.post(f"{path}/resume").json()["state"] == "queued"
    assert claim(database, "a", NEVER_S) is not None
    cancelled = client.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "queued")


@pytest.mark.parametrize("command", ["cancel", "pause", "resume"])
def test_commands_to_a_finished_job_are_a_conflict(
    client: TestClient, database: Database, command: str
) -> None:
    lease, writer = held_job(database)
    writer.finish("succeeded")
    answer = client.post(f"/v1/jobs/{lease.job_id}/{command}")
    assert answer.status_code == 409
    assert lease.job_id in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/trials", "/best", "/pareto", "/students"])
def test_no_such_job(client: TestClient, path: str) -> None:
    answer = client.get(f"/v1/jobs/job_{'a' * 22}{path}")
    assert answer.status_code == 404
    assert "there is no job" in answer.json()["detail"]


def test_an_ended_search_keeps_what_it_found(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    writer.add_trials([new_trial(3)], None)
    writer.add_student(new_student(), best=True)
    client.post(f"/v1/jobs/{lease.job_id}/cancel")
    writer.finish("cancelled")
    body = client.get(f"/v1/jobs/{lease.job_id}").json()
    assert body["state"] == "cancelled"
    assert body["progress"]["completed"] == 1
    assert body["best"]["trial"] == 0


def test_events_come_as_the_routes_have_them(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    writer.add_student(new_student((FILE,)), best=True)
    writer.finish("succeeded")
    path = f"/v1/jobs/{lease.job_id}"
    answer = client.get(f"{path}/events")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part.split("\n") for part in answer.text.split("\n\n")[1:-1]]
    last = {kind[7:]: json.loads(data[6:]) for _, kind, data in events}
    assert last["state"] == client.get(path).json()
    assert last["best"] == client.get(f"{path}/best").json()
    trials = [json.loads(data[6:]) for _, kind, data in events if kind == "event: trial"]
    assert trials == client.get(f"{path}/trials").json()["items"]

    known = {"Last-Event-ID": events[-2][0][4:]}
    again = client.get(f"{path}/events", headers=known)
    assert again.text == "retry: 2000\n\n" + "\n".join(events[-1]) + "\n\n"
    over = client.get(f"{path}/events", headers={"Last-Event-ID": events[-1][0][4:]})
    assert (over.status_code, over.content) == (204, b"")


def test_there_are_no_events_of_no_job(client: TestClient) -> None:
    path = f"/v1/jobs/job_{'0' * 22}/events"
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"Last-Event-ID": "1.0..01234567."}).status_code == 404


def test_no_more_follow_than_may(
    client: TestClient, services: Services, database: Database
) -> None:
    vars(services)["watch"] = Watch(services.watch._look, most=0)
    answer = client.get(f"/v1/jobs/{new_job(database)}/events")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("wait", ["61", "-1", "1.5", "x"])
def test_nobody_waits_longer_than_a_minute(client: TestClient, wait: str) -> None:
    answer = client.get(f"/v1/jobs/job_{'0' * 22}", params={"wait": wait})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/wait"


def test_who_waits_is_told_that_nothing_changed(client: TestClient, database: Database) -> None:
    path = f"/v1/jobs/{new_job(database)}"
    known = {"If-None-Match": client.get(path).headers["etag"]}
    assert client.get(path, params={"wait": 1}, headers=known).status_code == 304
    assert client.get(path, params={"wait": 60}).status_code == 200


def test_a_job_sent_twice_is_one(client: TestClient) -> None:
    first = client.post("/v1/jobs", json=REQUEST, headers=KEY)
    again = client.post("/v1/jobs", json=dict(reversed(REQUEST.items())), headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["retry-after"] == first.headers["retry-after"]
    assert [job["id"] for job in client.get("/v1/jobs").json()["items"]] == [first.json()["id"]]


def test_another_job_or_an_estimate_needs_another_key(client: TestClient) -> None:
    client.post("/v1/jobs", json=REQUEST, headers=KEY)
    for path, wanted in (("jobs", REQUEST | {"name": "other"}), ("estimates", REQUEST)):
        answer = client.post(f"/v1/{path}", json=wanted, headers=KEY)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith(":idempotency-key-reused")


def test_a_refused_job_may_be_mended_under_its_key(client: TestClient) -> None:
    wrong = REQUEST | {"dataset": {"name": "nonsense"}}
    assert client.post("/v1/jobs", json=wrong, headers=KEY).status_code == 422
    assert client.post("/v1/jobs", json=REQUEST, headers=KEY).status_code == 202


@pytest.mark.parametrize("key", [b"", b"x" * 256, "ü".encode()])
def test_a_key_is_short_and_printable(client: TestClient, key: bytes) -> None:
    answer = client.post("/v1/jobs", json=REQUEST, headers={b"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/Idempotency-Key"


def test_a_job_is_deleted_once_it_has_ended(client: TestClient, database: Database) -> None:
    path = f"/v1/jobs/{new_job(database)}"
    assert client.delete(path).status_code == 409
    client.post(f"{path}/cancel")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.delete(path).status_code == 404


def test_students_tell_whose_trials_they_were(client: TestClient, database: Database) -> None:
    lease, writer = searching_job(database)
    path = f"/v1/jobs/{lease.job_id}/students"
    assert client.get(path).json() == {"items": []}
    first = writer.add_student(new_student((FILE,)), best=True)
    found = client.get(path).json()["items"]
    assert [(one["student"], one["trial"], one["files"][0]["name"]) for one in found] == [
        (first, 0, FILE.name)
    ]
