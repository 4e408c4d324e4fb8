import json
from dataclasses import replace

from app.teacher_bodies import UploadedTeacherBody
from tests.app.test_errand_records import TEACHER

SUMMARY: dict[str, object] = {
    "params": 1,
    "macs": 2,
    "layers": 3,
    "classes": 4,
    "input_shape": [3, 8, 9],
    "groups": 5,
    "removals": 6,
    "frozen": {"conv": "why"},
}


def test_a_teacher_that_is_being_checked_shows_its_files_without_their_keys() -> None:
    assert json.loads(UploadedTeacherBody.of(TEACHER).model_dump_json()) == {
        "id": "tch_1",
        "name": "mine",
        "state": "checking",
        "kind": "architecture",
        "network": None,
        "created_at": "2026-03-01T12:00:00Z",
        "checked_at": None,
        "input_shape": None,
        "preprocessing": None,
        "summary": None,
        "error": None,
        "files": [
            {"name": "weights", "bytes": 7, "sha256": "sha w"},
            {"name": "architecture", "bytes": 2, "sha256": "sha a"},
        ],
    }


def test_what_the_check_found_is_shown() -> None:
    ready = replace(TEACHER, state="ready", summary=SUMMARY, input_shape=(3, 8, 9))
    body = json.loads(UploadedTeacherBody.of(ready).model_dump_json())
    assert (body["summary"], body["input_shape"]) == (SUMMARY, [3, 8, 9])
    rejected = replace(TEACHER, state="rejected", error={"title": "X"})
    assert UploadedTeacherBody.of(rejected).error == {"title": "X"}
