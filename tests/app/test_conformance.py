"""Requests made of the API's own description, right and wrong: each answer is one it describes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from app.api import create_app
from app.artifacts import Artifacts
from app.database import Database
from app.records import NewEmbedding, StoredStudentFile
from app.services import Services
from app.settings import Settings
from tests.app.conftest import URL_OF_API, NewUrl
from tests.app.described import DescribedClient, examples_of
from tests.app.samples import new_student, searching_job
from tests.app.samples_teachers import new_estimate, new_teacher

EXAMPLES = 8  # of each operation, right and wrong ones each


class Place:
    """An API over a database that has something of every kind, and how it answered."""

    def __init__(self, client: DescribedClient, ids: dict[str, str]) -> None:
        self.client = client
        self.ids = ids
        self.seen: Counter[int] = Counter()

    def send(self, case: Any, is_there: bool, is_known: bool) -> None:  # noqa: ANN401 - schemathesis's
        """Sends a request that was made up, maybe for what is there, with parameters that are."""
        if is_known and case.query:
            known = {one.name for one in case.operation.query}
            case.query = {name: value for name, value in case.query.items() if name in known}
        if is_there and case.method != "DELETE":
            for name in case.path_parameters:
                case.path_parameters[name] = self.ids[name]
        wanted = requests.Request(**case.as_transport_kwargs(base_url=URL_OF_API)).prepare()
        sent: Any = {"headers": list(wanted.headers.items()), "content": wanted.body}
        answer = self.client.request(str(wanted.method), str(wanted.url), **sent)
        assert answer.status_code < 500, answer.text
        self.seen[answer.status_code] += 1


@pytest.fixture
def place(sqlite_urls: NewUrl, tmp_path: Path) -> Iterator[Place]:
    database, artifacts = Database(sqlite_urls()), Artifacts(f"file://{tmp_path}/artifacts")
    page = artifacts.put_bytes("jobs/x/report.json", b"{}")
    lease, writer = searching_job(database)
    file = StoredStudentFile("report.json", page.key, page.bytes, page.sha256)
    student = writer.add_student(new_student((file,)), best=True)
    embedding = NewEmbedding("key", "sha", 9, "zoo/resnet20", "digits", 1, 8, {})
    writer.finish("succeeded", embedding=embedding)
    settings = Settings(tmp_path, "", f"file://{tmp_path}/artifacts")
    app = create_app(Services(settings, database, artifacts))
    with DescribedClient(app, base_url=URL_OF_API, raise_server_exceptions=False) as client:
        ids = {
            "job_id": lease.job_id,
            "student_id": student,
            "name": "report.json",
            "dataset_id": "dst_" + "0" * 22,
            "teacher_id": new_teacher(database),
            "estimate_id": new_estimate(database),
            "embedding_id": client.get("/v1/embeddings").json()["items"][0]["id"],
        }
        yield Place(client, ids)


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_a_described_one(place: Place, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_dict(place.client.get("/openapi.json").json())
    for found in described.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        can_be_wrong = operation.query or operation.body
        if mode is GenerationMode.POSITIVE or can_be_wrong:
            case = operation.as_strategy(generation_mode=mode)
            quickly = settings(
                max_examples=EXAMPLES,
                derandomize=True,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            quickly(given(case, st.booleans(), st.booleans())(place.send))()
    assert {200, 404, 409, 422} - set(place.seen) <= {409}, place.seen


def test_the_examples_of_jobs_are_taken_or_name_what_is_not_there(place: Place) -> None:
    described = place.client.get("/openapi.json").json()
    content = described["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]
    found = []
    for example in examples_of(content["application/json"]):
        for path in ("/v1/jobs", "/v1/estimates"):
            answer = place.client.post(path, json=example)
            errors = answer.json().get("errors", ())
            found.append((answer.status_code, {one["pointer"] for one in errors}))
    assert found[:2] == [(202, set())] * 2
    assert all(
        pointers <= {"#/teacher/id", "#/dataset/id", "#/search/embedding/from"}
        for _, pointers in found
    )
