import io
from pathlib import Path

import numpy as np
import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.dataset_archive import open_archive
from app.dataset_folder import convert_images
from app.dataset_samples import Samples
from app.jobs import create_job
from app.requests import JobRequest
from tests.app.samples_images import image, members, noise, within, zip_of
from tests.workers.jobs import SEARCH, TRAINING, claimed_work
from tests.workers.samples import is_mapped
from workers import image_spool
from workers.image_folder import _paths, describe_folder, load_folder
from workers.preparation import prepare
from workers.problems import UnusableDataset
from workers.shelf import Shelf
from workers.uploaded_dataset import load_npz


def _shelf(folder: Path, files: dict[str, bytes], name: str = "pets") -> Shelf:
    for path, data in files.items():
        target = folder / "sets" / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return Shelf(folder / "sets", scratch=folder / "scratch")


def _nothing() -> None:
    pass


def test_imagenet_s_folders_are_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_spool, "PIECE_BYTES", 300)  # two images at once
    files = within("train", members()) | within("val", members())
    shelf = _shelf(tmp_path, files | {"devkit.tar.gz": b"beside them"})
    beats: list[int] = []
    dataset = load_folder("folder/pets", shelf, lambda: beats.append(1))
    assert dataset.images.shape == (16, 3, 6, 6)
    assert dataset.images[:, 0, 0, 0].tolist() == [10, 11, 12, 13, 200, 201, 202, 203] * 2
    assert dataset.labels.tolist() == ([0] * 4 + [1] * 4) * 2
    assert (dataset.given_test, dataset.classes) == (8, ("cat", "dog"))
    assert (dataset.scale, dataset.shorter_side) == (255.0, None)
    assert is_mapped(dataset.images)
    assert len(beats) == 8


def test_images_of_many_sizes_become_one_and_it_is_on_record(tmp_path: Path) -> None:
    files = members(**{"cat/0.png": noise((900, 300)), "dog/0.png": image(9, (40, 20), "L")})
    dataset = load_folder("folder/pets", _shelf(tmp_path, files), _nothing)
    assert dataset.images.shape == (8, 3, 6, 6)
    assert dataset.preprocessing((6, 6)).to_json()["shorter_side"] == 6


def test_a_folder_is_described_without_its_images_being_read(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path, within("train", members()) | within("test", members()))
    found = describe_folder("folder/pets", shelf)
    assert len(found.layout.images) == len(found.layout.test) == 8
    assert (found.target.height, found.target.width, found.target.channels) == (6, 6, 3)


def test_a_link_that_leads_back_is_not_followed_for_ever(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path, members())
    (tmp_path / "sets" / "pets" / "cat" / ".again").symlink_to(tmp_path / "sets" / "pets")
    assert max(path.count("/") for path in _paths(tmp_path / "sets" / "pets")) == 3
    assert load_folder("folder/pets", shelf, _nothing).classes == ("cat", "dog")


def test_what_the_beat_raises_ends_the_reading(tmp_path: Path) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        load_folder("folder/pets", _shelf(tmp_path, members()), stop)


@pytest.mark.parametrize(
    ("name", "shelf"),
    [
        ("folder/none", Shelf(Path("/nowhere"))),
        ("folder/none", Shelf(None)),
    ],
)
def test_a_folder_that_isn_t_there_is_told_with_what_to_do(name: str, shelf: Shelf) -> None:
    with pytest.raises(UnusableDataset, match=r"no folder 'none'.*STILLHOUSE_DATASETS") as caught:
        load_folder(name, shelf, _nothing)
    assert [error.pointer for error in caught.value.errors] == ["#/dataset"]


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("cat/x.png", b"no image", r"folder/pets: 'cat/x.png' is no whole image"),
        ("cat/x.png", image(size=(1, 1)), "1 x 1 pixels"),
        ("eel/x.png", image(), r"class 2 \(eel\) of 3 has 1 image"),
        ("notes.txt", b"", "'notes.txt', but only images"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, path: str, data: bytes, words: str) -> None:
    shelf = _shelf(tmp_path, members(**{path: data}))
    with pytest.raises(UnusableDataset, match=words):
        load_folder("folder/pets", shelf, _nothing)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    files = {path.replace("dog", "train"): data for path, data in members().items()}
    dataset = load_folder("folder/pets", _shelf(tmp_path, files), _nothing)
    assert (dataset.classes, len(dataset.labels)) == (("cat", "train"), 8)


def test_a_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path, members())
    (tmp_path / "sets" / "pets" / "cat" / "lost.png").symlink_to("nowhere.png")
    with pytest.raises(UnusableDataset, match=r"'cat/lost.png' can't be read: No such file"):
        load_folder("folder/pets", shelf, _nothing)


def test_a_job_learns_from_a_folder_and_tells_how_its_images_were_made(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    files = {
        f"{name}/{n}.png": image(shade + n % 50, (12 + n % 3, 10), "L")
        for name, shade in (("dark", 10), ("light", 180))
        for n in range(150)
    }
    request = {
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"name": "folder/pets"},
        "training": TRAINING,
        "search": SEARCH,
    }
    with database.write() as session:
        job_id = create_job(session, JobRequest.model_validate(request))
    work = claimed_work(database, artifacts, job_id)
    work.shelf = _shelf(tmp_path, files)
    prepared = prepare(work)
    assert prepared.record.accuracy > 0.9
    assert prepared.record.preprocessing["source_size"] == [10, 10]
    assert prepared.record.preprocessing["shorter_side"] == 10
    assert is_mapped(prepared.data.reference.train.images)


def test_the_images_are_those_that_a_zip_of_them_gives(tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": noise((30 + n, 20), n) for name in "ab" for n in range(5)}
    output = io.BytesIO()
    with open_archive(io.BytesIO(zip_of(files))) as archive:
        summary = convert_images(archive, 2**24, output, Samples())
    output.seek(0)
    zipped = load_npz("x", output, tmp_path, 20)
    found = load_folder("folder/pets", _shelf(tmp_path, files), _nothing)
    assert np.array_equal(found.images, zipped.images)
    assert found.content == zipped.content
    assert found.shorter_side == summary["shorter_side"] == 20
