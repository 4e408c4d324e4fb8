"""Errors that are provoked, each beside the example that the API's description has of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.api import create_app
from app.api_keys import create_key
from app.clock import DatabaseTime
from app.database import Database
from app.door import is_open
from app.doorman import Doorman
from app.ids import DATASET, EMBEDDING, ESTIMATE, JOB, STUDENT, TEACHER, new_id
from app.job_commands import cancel
from app.problem_examples import READING
from app.problems import TYPE_PREFIX, StillhouseError
from app.rates import Rates
from app.records import NewEmbedding, StoredStudentFile
from app.services import Services
from app.settings import Settings
from app.submission import JobLimits
from app.tables import IdempotentRequest
from app.visitor import Scope
from tests.app.conftest import URL_OF_API, NewUrl
from tests.app.described import examples_of, operation_of
from tests.app.samples import REQUEST, new_job, new_student, searching_job
from tests.app.samples_npz import npz
from tests.app.samples_teachers import new_estimate, new_teacher

PREFIXES = {
    "job": JOB,
    "dataset": DATASET,
    "student": STUDENT,
    "embedding": EMBEDDING,
    "teacher": TEACHER,
    "estimate": ESTIMATE,
}
Json = Any
Told = tuple[str, str, int, str, frozenset[str]]  # method, path, status, type, pointers
# What no request brings about: a mistake of ours, and a body that is waited for for ten seconds.
NOT_PROVOKED = {"internal", "too-slow"}
UNKNOWN = frozenset({"#/colour"})


def operations(schema: Json) -> Iterator[tuple[str, str, Json]]:
    for path, found in schema["paths"].items():
        for method, operation in found.items():
            yield method, path, operation


def told(schema: Json) -> Iterator[tuple[Told, Json]]:
    """Yields each example of an error, by what programs go by."""
    for method, path, operation in operations(schema):
        for status, answer in operation["responses"].items():
            if status >= "400":
                for example in examples_of(answer["content"]["application/problem+json"]):
                    yield (method, path, int(status), *_marks(example)), example


def _marks(problem: Json) -> tuple[str, frozenset[str]]:
    kind = problem["type"].removeprefix(TYPE_PREFIX)
    return kind, frozenset(error["pointer"] for error in problem.get("errors", ()))


def kinds(root: type[StillhouseError] = StillhouseError) -> Iterator[type[StillhouseError]]:
    yield root
    for kind in root.__subclasses__():
        if kind.__module__.startswith("app."):
            yield from kinds(kind)


def test_each_example_is_of_a_class_with_its_status_and_title(schema: Json) -> None:
    known = {(TYPE_PREFIX + kind.type, kind.status, kind.title) for kind in kinds()}
    found = {
        (one["type"], one["status"], one["title"], told_of[2]) for told_of, one in told(schema)
    }
    assert {one[:3] for one in found} <= known
    assert all(status == of_answer for _, status, _, of_answer in found)


def test_each_kind_of_problem_is_an_example_somewhere(schema: Json) -> None:
    # Which coordinators alone raise, and which no operation can give.
    elsewhere = {"lease-lost", "method-not-allowed"}
    found = {kind for (_, _, _, kind, _), _ in told(schema)}
    assert found == {kind.type for kind in kinds()} - elsewhere


def test_each_pointer_is_to_something_that_the_route_takes(schema: Json) -> None:
    for (method, path, _, _, pointers), _ in told(schema):
        operation = schema["paths"][path][method]
        names = {one["name"] for one in operation.get("parameters", ())}
        for content in operation.get("requestBody", {}).get("content", {}).values():
            names |= set(_resolved(schema, content["schema"])["properties"])
        for pointer in pointers - UNKNOWN - {"#"}:
            assert pointer.split("/")[1] in names, (method, path, pointer)


def test_no_two_examples_of_a_route_point_at_the_same(schema: Json) -> None:
    found = [marks for marks, _ in told(schema) if marks[-1]]
    assert sorted(found, key=str) == sorted(set(found), key=str)


def _resolved(schema: Json, part: Json) -> Json:
    name = part.get("$ref", "").removeprefix("#/components/schemas/")
    return schema["components"]["schemas"][name] if name else part


def test_every_parameter_has_an_example(schema: Json) -> None:
    lacking = {
        (method, path, one["name"])
        for method, path, operation in operations(schema)
        for one in operation.get("parameters", ())
        if not ({"example", "examples"} & {*one, *one["schema"]})
    }
    assert lacking == set()


def test_every_body_that_is_an_answer_has_an_example(schema: Json) -> None:
    lacking = {
        (method, path, status, kind)
        for method, path, operation in operations(schema)
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if not list(examples_of(content))
    }
    assert lacking == set()


@dataclass
class World:
    """An API that needs keys, over a database that has something of every kind."""

    services: Services
    client: TestClient
    ids: dict[str, str] = field(default_factory=dict)
    found: set[Told] = field(default_factory=set)

    @property
    def database(self) -> Database:
        return self.services.database

    def headers(self, key: str = "admin") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ids[key]}"} if key else {}

    def ask(self, method: str, path: str, *, key: str = "admin", **sent: Any) -> None:  # noqa: ANN401
        """Sends a request that has to be refused, and keeps how."""
        headers = self.headers(key) | sent.pop("headers", {})
        filled = path.format(**self.ids)
        answer = self.client.request(method, filled, headers=headers, **sent)
        assert answer.status_code >= 400, (method, filled, answer.text)
        template = next(
            one for one in self._schema["paths"] if self._is_of(one, method, filled.split("?")[0])
        )
        marks = _marks(answer.json())
        self.found.add((method, template, answer.status_code, *marks))

    @property
    def _schema(self) -> Json:
        return self.client.app.openapi()  # type: ignore[attr-defined]

    def _is_of(self, template: str, method: str, path: str) -> bool:
        one = {"paths": {template: self._schema["paths"][template]}}
        return operation_of(one, method, path) is not None


@pytest.fixture
def world(sqlite_urls: NewUrl, tmp_path: Path) -> Iterator[World]:
    artifacts = f"file://{tmp_path}/artifacts"
    settings = Settings(
        tmp_path,
        sqlite_urls(),
        artifacts,
        host="0.0.0.0",
        allowed_hosts=frozenset({"127.0.0.1"}),
        max_json_bytes=1000,
        max_upload_bytes=10_000,
        max_teacher_bytes=10_000,
        max_uploads=1,
    )
    services = Services.open(settings)
    app = create_app(services)
    with TestClient(app, base_url=URL_OF_API, raise_server_exceptions=False) as client:
        made = World(services, client)
        with services.database.write() as session:
            for name in ("admin", "read", "submit", "late"):
                scope: Scope = "admin" if name == "late" else name  # type: ignore[assignment]
                made.ids[name] = create_key(session, name, (scope,), None)
        made.ids |= {f"{name}_id": new_id(kind) for name, kind in PREFIXES.items()}
        made.ids |= {"wrong": "sth_" + "a" * 43, "name": "student.pt2"}
        yield made


def test_each_example_is_of_an_error_that_its_route_gives(
    world: World, schema: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    _provoke_what_comes_before_routes(world, schema, monkeypatch)
    _provoke_of_files(world)
    _provoke_of_lists_and_waits(world, monkeypatch)
    _provoke_of_states(world)
    _provoke_of_json(world, monkeypatch)
    _provoke_of_uploads(world, monkeypatch)
    documented = {marks for marks, _ in told(schema) if marks[3] not in NOT_PROVOKED}
    assert documented - world.found == set(), "these are documented, and not given"
    undescribed = {marks for marks in world.found if marks[:4] not in {d[:4] for d in documented}}
    assert undescribed == set(), "these are given, and not documented"


def _provoke_what_comes_before_routes(
    world: World, schema: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method, path, _ in operations(schema):
        world.ask(method, path, headers={"Host": "evil.example"})
        if "{" in path:
            world.ask(method, path)
        if not is_open(path):
            world.ask(method, path, key="")
            world.ask(method, path, key="wrong")
        if path == "/metrics":
            world.ask(method, path, key="read")
        if path.startswith("/v1/"):
            world.ask(method, path, key="submit" if method in READING else "read")
            world.ask(method, f"{path}?colour=red")
            with monkeypatch.context() as patched:
                patched.setattr(Rates, "wait_s", lambda *_: 1.5)
                world.ask(method, path)
        if method not in READING:
            world.ask(method, path, headers={"Sec-Fetch-Site": "cross-site"})
        if path != "/healthz":
            with monkeypatch.context() as patched:
                patched.setattr(Database, "_reader", property(_away), raising=False)
                patched.setattr(Doorman, "look_up", _away)
                world.ask(method, path, key="late")


def _away(*_: object) -> None:
    raise OperationalError("SELECT", {}, Exception("away"))


def _provoke_of_lists_and_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ids["job_id"] = new_job(world.database)
    world.ids["estimate_id"] = new_estimate(world.database)
    world.ids["teacher_id"] = new_teacher(world.database)
    trials = "/v1/jobs/{job_id}/trials"
    for path in ("/v1/jobs", "/v1/datasets", "/v1/teachers", "/v1/embeddings", trials):
        world.ask("get", f"{path}?limit=0")
        world.ask("get", f"{path}?cursor=x")
    world.ask("get", f"{trials}?first=-1")
    for path in ("/v1/jobs/{job_id}", "/v1/estimates/{estimate_id}", "/v1/teachers/{teacher_id}"):
        world.ask("get", f"{path}?wait=61")
        with monkeypatch.context() as patched:
            patched.setattr(world.services.watch._places, "total", 0)
            world.ask("get", f"{path}?wait=1", headers={"If-None-Match": "*"})
            world.ask("get", "/v1/jobs/{job_id}/events")


def _provoke_of_states(world: World) -> None:
    job = "/v1/jobs/{job_id}"
    world.ask("post", f"{job}/resume")
    world.ask("delete", job)
    with world.database.write() as session:
        cancel(session, world.ids["job_id"])
    world.ask("post", f"{job}/cancel")
    world.ask("post", f"{job}/pause")
    _, writer = searching_job(world.database)
    writer.finish("succeeded", embedding=NewEmbedding("key", "sha", 9, "zoo/x", "x", 1, 8, {}))
    listed = world.client.get("/v1/embeddings", headers=world.headers())
    world.ids["embedding_id"] = listed.json()["items"][0]["id"]
    for changes in (
        {"dataset": {"id": world.ids["dataset_id"]}},
        {"teacher": {"id": world.ids["teacher_id"]}},
        {"search": {"embedding": {"from": world.ids["embedding_id"]}}},
    ):
        new_job(world.database, **changes)
    for kind in ("dataset", "teacher", "embedding"):
        world.ask("delete", f"/v1/{kind}s/{{{kind}_id}}")


def _provoke_of_files(world: World) -> None:
    kept = world.services.artifacts.put_bytes("students/x/student.pt2", b"1234")
    lease, writer = searching_job(world.database)
    files = (
        StoredStudentFile("student.pt2", kept.key, kept.bytes, kept.sha256),
        StoredStudentFile("student.onnx", "students/x/none", 4, "sha"),
    )
    world.ids["job_id"] = lease.job_id
    world.ids["student_id"] = writer.add_student(new_student(files), best=True)
    path = "/v1/students/{student_id}/files/"
    world.ask("get", f"{path}student.pt2", headers={"Range": "bytes=4-"})
    world.ask("get", f"{path}student.onnx")
    world.ask("get", "/v1/jobs/{job_id}/architecture")
    dataset = {"file": ("x.npz", npz())}
    sent = world.client.post("/v1/datasets", files=dataset, headers=world.headers())
    world.ids["dataset_id"] = sent.json()["id"]
    world.services.artifacts.delete(f"datasets/{world.ids['dataset_id']}.png")
    world.ask("get", "/v1/datasets/{dataset_id}/samples")


def _provoke_of_json(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    unchecked = REQUEST | {"teacher": {"id": world.ids["teacher_id"]}}
    json = {"Content-Type": "application/json"}
    for path in ("/v1/jobs", "/v1/estimates"):
        world.ask("post", path, json=unchecked)
        world.ask("post", path, json=REQUEST | {"name": "x" * 1000})
        world.ask("post", path, content=b"{}")
        world.ask("post", path, content=b"{", headers=json)
        world.ask("post", path, json=REQUEST | {"search": {"evaluations": 0}})
        world.ask("post", path, json=REQUEST | {"search": {"evaluation": 9}})
        world.ask("post", path, json=REQUEST | {"dataset": {"id": new_id("dst")}})
        _send_again(world, path, {"json": REQUEST}, {"json": REQUEST | {"name": "other"}})
    with monkeypatch.context() as patched:
        patched.setitem(vars(world.services), "job_limits", JobLimits(0, 0))
        world.ask("post", "/v1/jobs", json=REQUEST)
        world.ask("post", "/v1/estimates", json=REQUEST)
    with _full(world, monkeypatch):
        world.ask("post", "/v1/jobs", json=REQUEST)


def _provoke_of_uploads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, teacher = {"file": ("x.npz", npz())}, {"onnx": ("x.onnx", b"1")}
    world.ask("post", "/v1/datasets", files={"file": ("x.npz", npz(images=None))})
    world.ask("post", "/v1/datasets", files={"file": ("x.npz", bytes(10_000))})
    world.ask("post", "/v1/teachers", files={"onnx": ("x.onnx", bytes(10_000))})
    weights = {"weights": ("x.safetensors", b"1")}
    world.ask("post", "/v1/teachers", files=weights)
    wrong = {"network": "zoo/resnet20", "preprocessing": '{"std": [1]}'}
    world.ask("post", "/v1/teachers", files=weights, data=wrong)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for path, files in (("/v1/datasets", dataset), ("/v1/teachers", teacher)):
        world.ask("post", path, content=b"{}")
        world.ask("post", path, content=b"--x", headers=form)
        world.ask("post", path, files=files, data={"name": "\0"})
        with _full(world, monkeypatch):
            world.ask("post", path, files=files)
        _send_again(world, path, {"files": files}, {"files": files, "data": {"name": "other"}})
        with monkeypatch.context() as patched:
            patched.setattr(world.services.uploading, "total", 0)
            world.ask("post", path, files=files)


def _send_again(world: World, path: str, first: Json, other: Json) -> None:
    key = {"Idempotency-Key": path}
    answer = world.client.post(path, headers=world.headers() | key, **first)
    assert answer.status_code < 300, answer.text
    world.ask("post", path, headers=key, **other)
    world.ask("post", path, headers={"Idempotency-Key": ""}, **first)
    with world.database.write() as session:  # as if it were not answered yet
        times = {"claimed_until": DatabaseTime(9.0)}
        session.execute(update(IdempotentRequest).values(answer=None, **times))
    world.ask("post", path, headers=key, **first)


@contextmanager
def _full(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has the disk be too full for anything, until the block's end."""
    with monkeypatch.context() as patched:
        settings = replace(world.services.settings, min_free_bytes=2**62)
        patched.setattr(world.services.storage, "_settings", settings)
        yield
