import pytest
from fastapi.testclient import TestClient

from app.database import Database
from app.records import StoredStudentFile
from app.services import Services
from tests.app.samples import new_student, searching_job

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/jobs", {}, 200),
        ("/healthz", {}, 200),
        ("/nothing", {}, 404),
        ("/v1/jobs", {"Host": "evil.example"}, 421),
    ],
)
def test_every_answer_is_kept_from_being_more_than_it_is(
    client: TestClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy


def test_a_page_keeps_the_policy_of_its_own(
    client: TestClient, services: Services, database: Database
) -> None:
    stored = services.artifacts.put_bytes("students/x/report.html", b"<p>")
    file = StoredStudentFile("report.html", stored.key, stored.bytes, stored.sha256)
    _, writer = searching_job(database)
    student_id = writer.add_student(new_student((file,)), best=True)
    answer = client.get(f"/v1/students/{student_id}/files/report.html")
    assert answer.headers.get_list("content-security-policy") == [
        answer.headers["content-security-policy"]
    ]
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_no_other_origin_may_read_an_answer(client: TestClient, method: str) -> None:
    origin = {"Origin": "https://evil.example"}
    asked = client.options("/v1/jobs", headers=origin | {"Access-Control-Request-Method": method})
    read = client.get("/v1/jobs", headers=origin)
    for answer in (asked, read):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
