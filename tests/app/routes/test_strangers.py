"""Somebody else's things are not there: in every route, in every body, in every list."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Route

from app.api_keys import list_keys
from app.database import Database
from app.datasets import create_dataset
from app.door import is_open
from app.embeddings import list_embeddings
from app.errand_leases import claim_errand
from app.estimates import create_estimate
from app.ids import DATASET, TEACHER, new_id
from app.job_writer import JobWriter
from app.jobs import create_job
from app.leases import claim
from app.records import SAMPLES, NewDataset, NewEmbedding, StoredStudentFile
from app.requests import JobRequest
from app.services import Services
from app.teachers import accept_teacher, create_teacher
from app.visitor import Scope, Visitor
from tests.app.samples import NEVER_S, REQUEST, RESULT, new_student, new_trial
from tests.app.samples import TEACHER as TRAINED
from tests.app.samples_teachers import sent_teacher
from tests.app.test_door import new_key
from tests.app.test_teacher_bodies import SUMMARY

Header = dict[str, str]
SUBMITTER: tuple[Scope, ...] = ("read", "submit")
IMAGES: dict[str, object] = {
    "n": 12, "test_n": 0, "shape": [8, 8, 1], "dtype": "uint8", "classes": list("abcd"),
    "class_counts": [3, 3, 3, 3], SAMPLES: "datasets/d.png",
}  # fmt: skip
LISTS = ("/v1/jobs", "/v1/datasets", "/v1/teachers", "/v1/embeddings")


@pytest.fixture
def keys(client: TestClient, database: Database) -> dict[str, Header]:
    """Returns the headers of an owner, a stranger and an admin of the client's API."""
    assert client.get("/healthz").status_code == 200
    return {
        "owner": new_key(database, *SUBMITTER, name="owner"),
        "stranger": new_key(database, *SUBMITTER, name="stranger"),
        "admin": new_key(database, "admin", name="admin"),
    }


@pytest.fixture
def things(client: TestClient, services: Services, keys: dict[str, Header]) -> dict[str, str]:
    """Returns what the owner has, by the parameters that routes have for it."""
    made = client.post("/v1/jobs", json=REQUEST, headers=keys["owner"]).json()["id"]
    database = services.database
    services.artifacts.put_bytes("datasets/d.png", b"some images")
    owner = _owner(database)
    with database.seen_by(owner).write() as session:
        dataset, teacher = new_id(DATASET), new_id(TEACHER)
        create_dataset(session, dataset, NewDataset("d", "datasets/d", "sha", 3, IMAGES))
        create_teacher(session, teacher, sent_teacher())
        estimate = create_estimate(session, REQUEST)
    checked = claim_errand(database, "coordinator", NEVER_S, "teacher", alone=True)
    assert checked is not None
    accept_teacher(database, checked, SUMMARY, "architecture", "weights")
    student = _finish(services, made)
    with database.read() as session:
        (embedding,) = list_embeddings(session, 2, None).items
    return {
        "job_id": made,
        "dataset_id": dataset,
        "teacher_id": teacher,
        "estimate_id": estimate,
        "student_id": student,
        "embedding_id": embedding.id,
        "name": "student.pt2",
    }


def _owner(database: Database) -> Visitor:
    with database.read() as session:
        found = next(key for key in list_keys(session) if key.name == "owner")
    return Visitor(found.id, found.name, frozenset(found.scopes))


def _finish(services: Services, job_id: str) -> str:
    """Brings a job to its end, and returns its student."""
    lease = claim(services.database, "coordinator", NEVER_S)
    assert lease is not None
    assert lease.job_id == job_id
    writer = JobWriter(services.database, lease)
    writer.record_teacher(TRAINED)
    services.artifacts.put_bytes(TRAINED.architecture_key, b"{}")
    writer.add_trials([new_trial(0)], None)
    writer.trial_completed(0, RESULT)
    stored = services.artifacts.put_bytes("students/x/student.pt2", b"graph")
    file = StoredStudentFile("student.pt2", stored.key, stored.bytes, stored.sha256)
    student = writer.add_student(new_student((file,)), best=True)
    writer.finish("succeeded", embedding=NewEmbedding("e", "sha", 1, "t", "d", 1, 1, {}))
    return student


def _routes(holder: Any) -> Iterator[Route]:  # noqa: ANN401 - of FastAPI, which nests its routers
    for route in holder.routes:
        nested = getattr(route, "original_router", None)
        if nested is not None:
            yield from _routes(nested)
        elif isinstance(route, Route):
            yield route


def _requests(client: TestClient, things: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yields the method and path of each route that names something, with what the owner has."""
    assert isinstance(client.app, FastAPI)
    for route in _routes(client.app):
        if route.param_convertors and not is_open(route.path):
            unknown = set(route.param_convertors) - set(things)
            assert not unknown, f"{route.path}: say in `things` what {unknown} stands for"
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path.format(**things)


def test_each_route_that_names_something_is_404_to_a_stranger(
    client: TestClient, keys: dict[str, Header], things: dict[str, str]
) -> None:
    requests = list(_requests(client, things))
    assert len(requests) >= 12
    for method, path in sorted(requests, key=_what_deletes_last):
        # What its owner has deleted is there for nobody.
        others = ("owner",) if method == "DELETE" else ("owner", "admin")
        by_whom = {
            who: client.request(method, path, headers=keys[who]) for who in ("stranger", *others)
        }
        refused = by_whom["stranger"]
        assert refused.status_code == 404, (method, path, refused.text)
        assert refused.json()["type"] == "urn:stillhouse:problem:not-found"
        for who in others:
            assert by_whom[who].status_code in {200, 202, 204, 409}, (method, path, who)


def _what_deletes_last(request: tuple[str, str]) -> tuple[bool, bool]:
    method, path = request
    return method == "DELETE", path.startswith("/v1/jobs")  # a job takes its embedding with it


def test_a_stranger_is_told_the_same_as_of_what_was_never_there(
    client: TestClient, keys: dict[str, Header], things: dict[str, str]
) -> None:
    nothing = {name: one[:4] + "0" * 22 for name, one in things.items()} | {"name": things["name"]}
    for (method, path), (_, other) in zip(
        _requests(client, things), _requests(client, nothing), strict=True
    ):
        told, known = (client.request(method, p, headers=keys["stranger"]) for p in (path, other))
        assert told.status_code == known.status_code
        for name, thing in things.items():
            if name != "name":
                assert thing not in known.text
        assert _without_ids(told.text, things) == _without_ids(known.text, nothing)


def _without_ids(text: str, ids: dict[str, str]) -> str:
    for one in ids.values():
        text = text.replace(one, "ID")
    return re.sub(r"req_[0-9a-f]+", "REQUEST", text)


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/estimates"])
def test_a_strangers_things_can_be_named_in_no_body(
    client: TestClient, keys: dict[str, Header], things: dict[str, str], path: str
) -> None:
    wanted = {
        "dataset": {"id": things["dataset_id"]},
        "teacher": {"id": things["teacher_id"]},
        "search": {"embedding": {"from": things["embedding_id"]}},
    }
    refused = client.post(path, json=REQUEST | wanted, headers=keys["stranger"])
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "#/dataset/id",
        "#/teacher/id",
        "#/search/embedding/from",
    }
    assert all("there is no" in error["detail"] for error in refused.json()["errors"])
    for who in ("owner", "admin"):
        assert client.post(path, json=REQUEST | wanted, headers=keys[who]).status_code == 202


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.usefixtures("things")
def test_a_list_shows_ones_own_and_to_an_admin_all(
    client: TestClient, keys: dict[str, Header], path: str
) -> None:
    shown = {
        who: len(client.get(path, headers=header).json()["items"]) for who, header in keys.items()
    }
    assert shown == {"owner": 1, "stranger": 0, "admin": 1}


def test_what_was_made_without_a_key_is_an_admins_alone(
    client: TestClient, database: Database, keys: dict[str, Header]
) -> None:
    with database.write() as session:
        job_id = create_job(session, JobRequest.model_validate(REQUEST))
    found = {
        who: client.get(f"/v1/jobs/{job_id}", headers=header).status_code
        for who, header in keys.items()
    }
    assert found == {"owner": 404, "stranger": 404, "admin": 200}


def test_another_keys_jobs_keep_a_thing_and_are_not_named(
    client: TestClient, keys: dict[str, Header], things: dict[str, str]
) -> None:
    wanted = REQUEST | {
        "dataset": {"id": things["dataset_id"]},
        "teacher": {"network": "zoo/vgg19"},
    }
    job = client.post("/v1/jobs", json=wanted, headers=keys["admin"]).json()["id"]
    told = client.delete(f"/v1/datasets/{things['dataset_id']}", headers=keys["owner"])
    assert told.status_code == 409
    assert "1 more" in told.json()["detail"]
    assert job not in told.text


def test_the_same_idempotency_key_of_two_api_keys_is_two(
    client: TestClient, keys: dict[str, Header]
) -> None:
    key = {"Idempotency-Key": "mine"}
    jobs = {
        who: client.post("/v1/jobs", json=REQUEST, headers=header | key).json()["id"]
        for who, header in keys.items()
    }
    assert len(set(jobs.values())) == len(keys)
