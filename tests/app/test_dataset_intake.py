import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.database import Database
from app.dataset_intake import check_dataset, take_dataset
from app.dataset_limits import BROKEN_DISK
from app.datasets import list_datasets
from app.problems import Invalid
from app.upload import Upload, UploadedFile, upload_to
from tests.app.samples_images import members, zip_of
from tests.app.samples_npz import npz

LIMIT = 2**20


def _take(database: Database, artifacts: Artifacts, folder: Path, filename: str) -> str:
    with upload_to(folder) as upload:
        file = upload.new_file()
        file.write(npz())
        file.seek(0)
        upload.files["file"] = UploadedFile(file, filename)
        return take_dataset(database, artifacts, upload, LIMIT).name


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("cats.npz", "cats"),
        ("cats.zip", "cats"),
        ("cats.2024", "cats.2024"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\dogs.npz", "dogs"),
        ("a\x00b\n\u202ec.npz", "abc"),
        ("Grüße 🐈.npz", "Grüße 🐈"),
        ("", "dataset"),
        (".npz", "dataset"),
        ("x" * 500, "x" * 200),
    ],
)
def test_any_file_name_makes_a_name(
    sqlite_database: Database, tmp_path: Path, filename: str, name: str
) -> None:
    artifacts = Artifacts(f"file://{tmp_path}/artifacts")
    assert _take(sqlite_database, artifacts, tmp_path, filename) == name


@pytest.mark.parametrize("name", ["", "nul\x00", "x" * 201, "two\nlines"])
def test_a_name_that_was_given_must_be_usable(
    sqlite_database: Database, tmp_path: Path, name: str
) -> None:
    files = {"file": UploadedFile(io.BytesIO(), "x.npz")}
    upload = Upload(io.BytesIO, files, {"name": name})
    with pytest.raises(Invalid) as caught:
        take_dataset(sqlite_database, Artifacts(f"file://{tmp_path}"), upload, LIMIT)
    assert caught.value.errors[0].pointer == "#/name"


def test_without_its_row_the_artifact_goes_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConnectionError("the database went away")

    monkeypatch.setattr("app.dataset_intake.create_dataset", fail)
    with pytest.raises(ConnectionError):
        _take(database, Artifacts(f"file://{tmp_path}/artifacts"), tmp_path, "x.npz")
    assert [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()] == []
    with database.read() as session:
        assert list_datasets(session, 1, None).items == ()


def test_with_its_row_the_artifact_stays_whatever_became_of_the_answer(
    database: Database, tmp_path: Path
) -> None:
    artifacts = Artifacts(f"file://{tmp_path}/artifacts")
    event.listen(Session, "after_commit", _lose_the_acknowledgement)
    try:
        with pytest.raises(ConnectionError):
            _take(database, artifacts, tmp_path, "x.npz")
    finally:
        event.remove(Session, "after_commit", _lose_the_acknowledgement)
    with database.read() as session:
        (dataset,) = list_datasets(session, 2, None).items
    assert artifacts.read_bytes(dataset.key) == npz()


def _lose_the_acknowledgement(_: Session) -> None:
    raise ConnectionError("the network went away")


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(data)
    return path


def test_a_check_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with (
        _file(tmp_path, npz()).open("rb") as file,
        tempfile.TemporaryFile() as made,
        pytest.raises(Invalid, match="too long to check"),
    ):
        check_dataset(file, made, LIMIT, timeout_s=0.001)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "too much memory or time"),
        ("sys.exit(1)", "can't be read"),
    ],
)
def test_a_check_that_dies_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        _check_with(tmp_path, monkeypatch, end)


def test_a_full_disk_is_no_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="full or broken"):
        _check_with(tmp_path, monkeypatch, f"sys.exit({BROKEN_DISK})")


def _check_with(folder: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Checks a good file by a program that ends like that."""
    (folder / "ending.py").write_text(f"import os, signal, sys\n{end}\n")
    monkeypatch.setattr("app.dataset_intake.CHECK", "ending")
    monkeypatch.setattr("app.dataset_intake._CODE", folder)
    with _file(folder, npz()).open("rb") as file, tempfile.TemporaryFile() as made:
        check_dataset(file, made, LIMIT)


def test_the_check_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", "postgresql://user:xyzzy@db/s")
    end = "open(sys.argv[0] + '.said', 'w').write(repr(dict(os.environ))); sys.exit(1)"
    with pytest.raises(Invalid):
        _check_with(tmp_path, monkeypatch, end)
    (said,) = tmp_path.glob("*.said")
    assert "PYTHONPATH" in said.read_text()
    assert "xyzzy" not in said.read_text()


def test_of_image_files_the_arrays_are_stored(database: Database, tmp_path: Path) -> None:
    artifacts = Artifacts(f"file://{tmp_path}/artifacts")
    with upload_to(tmp_path) as upload:
        file = upload.new_file()
        file.write(zip_of(members()))
        file.seek(0)
        upload.files["file"] = UploadedFile(file, "pets.zip")
        dataset = take_dataset(database, artifacts, upload, LIMIT)
    assert (dataset.name, dataset.summary["class_counts"]) == ("pets", [4, 4])
    with np.load(io.BytesIO(artifacts.read_bytes(dataset.key))) as arrays:
        assert arrays["images"].shape == (8, 6, 6, 3)
