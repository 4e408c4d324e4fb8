import io
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.database import Database
from app.problems import Invalid
from app.teacher_intake import take_teacher
from app.teachers import list_teachers
from app.upload import Upload, UploadedFile


def _upload(**fields: str) -> Upload:
    files = {
        "architecture": UploadedFile(io.BytesIO(b"{}"), "architecture.json"),
        "weights": UploadedFile(io.BytesIO(b"weights"), "a/mine.safetensors"),
    }
    return Upload(io.BytesIO, files, fields)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_are_stored_before_they_are_on_record(
    sqlite_database: Database, tmp_path: Path
) -> None:
    artifacts = Artifacts(f"file://{tmp_path}")
    teacher = take_teacher(sqlite_database, artifacts, _upload())
    assert (teacher.name, teacher.kind, teacher.state) == ("mine", "architecture", "checking")
    assert artifacts.read_bytes(teacher.file_keys["weights"]) == b"weights"
    assert artifacts.read_bytes(teacher.file_keys["architecture"]) == b"{}"
    assert teacher.files["weights"].bytes == 7


def test_what_can_t_be_read_is_taken_all_the_same(
    sqlite_database: Database, tmp_path: Path
) -> None:
    artifacts = Artifacts(f"file://{tmp_path}")
    upload = Upload(io.BytesIO, {"onnx": UploadedFile(io.BytesIO(b"\x80\x04."), "\x00")})
    teacher = take_teacher(sqlite_database, artifacts, upload)
    assert (teacher.name, teacher.state) == ("teacher", "checking")


def test_a_wrong_form_stores_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        take_teacher(sqlite_database, Artifacts(f"file://{tmp_path}"), _upload(name=""))
    assert _files(tmp_path) == []


def test_without_its_row_the_artifacts_go_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr("app.teacher_intake.create_teacher", fail)
    with pytest.raises(KeyError):
        take_teacher(database, Artifacts(f"file://{tmp_path}"), _upload())
    assert _files(tmp_path) == []


def test_a_second_file_that_can_t_be_stored_takes_the_first_with_it(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = Artifacts(f"file://{tmp_path}")
    put_file = artifacts.put_file

    def fill_up(key: str, source: io.BytesIO) -> object:
        if key.endswith("weights"):
            raise OSError(28, "no space left")
        return put_file(key, source)

    monkeypatch.setattr(artifacts, "put_file", fill_up)
    with pytest.raises(OSError, match="no space"):
        take_teacher(sqlite_database, artifacts, _upload())
    assert _files(tmp_path) == []


def test_with_its_row_the_artifacts_stay_whatever_became_of_the_answer(
    database: Database, tmp_path: Path
) -> None:
    artifacts = Artifacts(f"file://{tmp_path}")
    event.listen(Session, "after_commit", _lose_the_acknowledgement)
    try:
        with pytest.raises(ConnectionError):
            take_teacher(database, artifacts, _upload())
    finally:
        event.remove(Session, "after_commit", _lose_the_acknowledgement)
    with database.read() as session:
        (teacher,) = list_teachers(session, 2, None).items
    assert artifacts.read_bytes(teacher.file_keys["weights"]) == b"weights"


def _lose_the_acknowledgement(_: Session) -> None:
    raise ConnectionError("the network went away")
