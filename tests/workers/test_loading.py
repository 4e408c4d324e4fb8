import errno
import io
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.datasets import create_dataset
from app.ids import DATASET, new_id
from app.records import NewDataset
from app.requests import DatasetRequest
from tests.app.samples_images import members
from tests.workers.jobs import first_job
from tests.workers.samples import is_mapped
from workers import loading
from workers.loading import load_dataset, numbers_of
from workers.problems import UnusableDataset
from workers.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "sets", scratch=tmp_path / "scratch")


@pytest.fixture
def uploaded(database: Database) -> DatasetRequest:
    job = first_job(database)
    assert job is not None
    return job.request.dataset


def _pets(shelf: Shelf) -> DatasetRequest:
    for path, data in members().items():
        file = Path(str(shelf.folder), "pets", path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return DatasetRequest(name="folder/pets")


def test_digits_are_there_by_name(database: Database, artifacts: Artifacts, shelf: Shelf) -> None:
    digits = load_dataset(database, artifacts, shelf, DatasetRequest(name="digits"))
    assert len(digits.labels) == 1797


def test_an_upload_is_mapped_from_the_scratch_folder(
    database: Database, artifacts: Artifacts, shelf: Shelf, uploaded: DatasetRequest
) -> None:
    dataset = load_dataset(database, artifacts, shelf, uploaded)
    assert dataset.name == "two digits"
    assert is_mapped(dataset.images)
    assert dataset.scratch == shelf.scratch
    assert list(shelf.scratch.iterdir()) == []


def test_what_image_files_were_resized_to_comes_from_the_record(
    database: Database, artifacts: Artifacts, shelf: Shelf
) -> None:
    request = _upload(database, artifacts, {"shorter_side": 9}, images=NOISE, labels=LABELS)
    assert load_dataset(database, artifacts, shelf, request).shorter_side == 9


def test_an_operator_s_folder_is_there_by_name_and_beats(
    database: Database, artifacts: Artifacts, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "guessing_accuracy", lambda _: 0.5)
    beats: list[int] = []
    request = _pets(shelf)
    dataset = load_dataset(database, artifacts, shelf, request, lambda: beats.append(1))
    assert dataset.classes == ("cat", "dog")
    assert beats == [1]


def test_a_published_dataset_is_there_by_name(
    database: Database, artifacts: Artifacts, shelf: Shelf
) -> None:
    with pytest.raises(UnusableDataset, match="torchvision/svhn is not whole"):
        load_dataset(database, artifacts, shelf, DatasetRequest(name="torchvision/svhn"))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.EIO, "the storage is away"), OSError),
        (PermissionError("refused"), PermissionError),
        (FileNotFoundError("gone"), UnusableDataset),
        (BadZipFile("no archive"), UnusableDataset),
    ],
)
def test_only_what_is_wrong_with_a_dataset_is_the_request_s_fault(
    error: Exception,
    raised: type[Exception],
    database: Database,
    artifacts: Artifacts,
    shelf: Shelf,
    uploaded: DatasetRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(artifacts, "open", fail)
    with pytest.raises(raised):
        load_dataset(database, artifacts, shelf, uploaded)


NOISE = np.random.default_rng(0).integers(0, 256, (60, 4, 4), dtype=np.uint8)
LABELS = np.arange(60) % 3


def _upload(
    database: Database, artifacts: Artifacts, summary: dict[str, object], **arrays: object
) -> DatasetRequest:
    dataset_id, file = new_id(DATASET), io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    stored = artifacts.put_bytes(f"datasets/{dataset_id}.npz", file.getvalue())
    new = NewDataset("made up", stored.key, stored.sha256, stored.bytes, summary)
    with database.write() as session:
        create_dataset(session, dataset_id, new)
    return DatasetRequest(id=dataset_id)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (NOISE * 0 + 7, LABELS, "its 60 images are all the same"),
        (NOISE[:1].repeat(60, 0), LABELS, "its 60 images are all the same"),
        (NOISE[:10], LABELS[:10] % 2, "of the 2 that validate 1 are of one class"),
        (NOISE, LABELS * 0, "of the 9 that validate 9 are of one class"),
        (NOISE[:4], np.arange(4), "its 4 images are too few: the validation split would be empty"),
    ],
)
def test_what_can_t_be_learned_from_is_told_before_anything_is_trained(
    database: Database,
    artifacts: Artifacts,
    shelf: Shelf,
    images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    words: str,
) -> None:
    request = _upload(database, artifacts, {}, images=images, labels=labels)
    with pytest.raises(UnusableDataset, match=words) as caught:
        load_dataset(database, artifacts, shelf, request)
    assert [error.pointer for error in caught.value.errors] == ["#/dataset"]


def test_ten_classes_of_three_images_each_can_be_learned_from(
    database: Database, artifacts: Artifacts, shelf: Shelf
) -> None:
    request = _upload(database, artifacts, {}, images=NOISE[:30], labels=np.arange(30) % 10)
    assert len(load_dataset(database, artifacts, shelf, request).splits.validation) == 10


@pytest.mark.parametrize(
    ("ask", "numbers"),
    [
        (lambda _: DatasetRequest(name="digits"), (1797, 0, [8, 8, 1], 10, 16.0)),
        (
            lambda _: DatasetRequest(name="torchvision/cifar100"),
            (50_000, 10_000, [32, 32, 3], 100, 255.0),
        ),
        (_pets, (8, 0, [6, 6, 3], 2, 255.0)),
    ],
    ids=["digits", "published", "folder"],
)
def test_the_numbers_of_a_dataset_by_name_are_told_without_its_images(
    database: Database,
    shelf: Shelf,
    ask: Callable[[Shelf], DatasetRequest],
    numbers: tuple[object, ...],
) -> None:
    keys = ("n", "test_n", "shape", "classes", "scale")
    assert numbers_of(database, shelf, ask(shelf)) == dict(zip(keys, numbers, strict=True))


def test_a_folder_that_isn_t_there_has_no_numbers(database: Database, shelf: Shelf) -> None:
    with pytest.raises(UnusableDataset, match="no folder 'none'"):
        numbers_of(database, shelf, DatasetRequest(name="folder/none"))
