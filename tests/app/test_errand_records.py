from datetime import UTC, datetime

from app.artifacts import StoredFile
from app.errand_records import UploadedTeacher

TEACHER = UploadedTeacher(
    id="tch_1",
    name="mine",
    state="checking",
    kind="architecture",
    network=None,
    files={
        "weights": StoredFile("teachers/tch_1/weights", 7, "sha w"),
        "architecture": StoredFile("teachers/tch_1/architecture", 2, "sha a"),
    },
    input_shape=None,
    preprocessing=None,
    summary=None,
    error=None,
    architecture_key=None,
    weights_key=None,
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    checked_at=None,
)


def test_an_uploaded_teacher_tells_where_its_files_are() -> None:
    assert TEACHER.file_keys == {
        "weights": "teachers/tch_1/weights",
        "architecture": "teachers/tch_1/architecture",
    }
