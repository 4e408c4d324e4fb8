import hashlib
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from scipy.io import savemat
from torchvision import datasets

from tests.workers.samples import is_mapped
from workers.problems import UnusableDataset
from workers.shelf import Shelf
from workers.torchvision_dataset import PUBLISHED, load_published


def _pixels(n: int, size: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    return np.random.default_rng(n).integers(0, 256, (n, size), dtype=np.uint8)


def _pickled(path: Path, content: Mapping[str, object]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


def _cifar10(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes a small CIFAR-10, and has torchvision take its checksums for those published."""
    kind, base = datasets.CIFAR10, folder / datasets.CIFAR10.base_folder

    def batch(name: str, n: int) -> list[str]:
        content = {"data": _pixels(n, 3072), "labels": [k % 10 for k in range(n)]}
        return [name, _pickled(base / name, content)]

    monkeypatch.setattr(kind, "train_list", [batch(f"data_batch_{k}", 10 + k) for k in range(5)])
    monkeypatch.setattr(kind, "test_list", [batch("test_batch", 7)])
    names = {"label_names": [f"class {k}" for k in range(10)]}
    meta = kind.meta | {"md5": _pickled(base / "batches.meta", names)}
    monkeypatch.setattr(kind, "meta", meta)


def _cifar100(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, base = datasets.CIFAR100, folder / datasets.CIFAR100.base_folder

    def part(name: str, n: int) -> list[list[str]]:
        content = {"data": _pixels(n, 3072), "fine_labels": list(range(n))}
        return [[name, _pickled(base / name, content)]]

    monkeypatch.setattr(kind, "train_list", part("train", 60))
    monkeypatch.setattr(kind, "test_list", part("test", 7))
    names = {"fine_label_names": [f"class {k}" for k in range(100)]}
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": _pickled(base / "meta", names)})


def _svhn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {}
    for split, n in (("train", 60), ("test", 7)):
        path = folder / f"{split}_32x32.mat"
        images = _pixels(n, 3072).reshape(n, 32, 32, 3).transpose(1, 2, 3, 0)
        savemat(path, {"X": images, "y": (np.arange(n) % 10 + 1)[:, None]})
        listed[split] = ["", path.name, hashlib.md5(path.read_bytes()).hexdigest()]
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)


def _fashion_mnist(folder: Path, _: pytest.MonkeyPatch) -> None:
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for split, n in (("train", 60), ("t10k", 7)):
        images = struct.pack(">4i", 2051, n, 28, 28) + _pixels(n, 784).tobytes()
        (raw / f"{split}-images-idx3-ubyte").write_bytes(images)
        labels = struct.pack(">2i", 2049, n) + bytes(k % 10 for k in range(n))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(labels)


_MAKERS = {
    "torchvision/cifar10": _cifar10,
    "torchvision/cifar100": _cifar100,
    "torchvision/fashionmnist": _fashion_mnist,
    "torchvision/svhn": _svhn,
}


def _shelf(folder: Path, download: bool = False) -> Shelf:
    return Shelf(folder / "sets", download, folder / "scratch")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_dataset_is_read_from_the_operator_s_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sets").mkdir()
    _MAKERS[name](tmp_path / "sets", monkeypatch)
    dataset, published = load_published(name, _shelf(tmp_path)), PUBLISHED[name]
    height, width, channels = published.shape
    assert dataset.images.shape == (67, channels, height, width)
    assert dataset.images.dtype == np.uint8
    assert is_mapped(dataset.images)
    assert (dataset.name, dataset.given_test, dataset.scale) == (name, 7, 255.0)
    assert len(dataset.classes) == published.classes
    assert dataset.labels.shape == (67,)
    assert dataset.splits.test.tolist() == list(range(60, 67))
    last = _pixels(7, height * width * channels)[-1]
    in_planes = last.reshape(channels, height, width)
    interleaved = last.reshape(height, width, channels).transpose(2, 0, 1)
    expected = interleaved if name == "torchvision/svhn" else in_planes
    assert np.array_equal(dataset.images[-1], expected)


def test_the_house_number_zero_is_class_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sets").mkdir()
    _svhn(tmp_path / "sets", monkeypatch)
    dataset = load_published("torchvision/svhn", _shelf(tmp_path))
    assert dataset.labels[:10].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert dataset.classes == tuple("0123456789")


def test_a_pickle_of_another_checksum_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cifar10(tmp_path / "sets", monkeypatch)
    batch = tmp_path / "sets" / "cifar-10-batches-py" / "data_batch_3"
    batch.write_bytes(batch.read_bytes() + b"\0")
    monkeypatch.setattr("pickle.load", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(UnusableDataset, match=r"not whole.*`cifar-10-batches-py/`"):
        load_published("torchvision/cifar10", _shelf(tmp_path))


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_isn_t_there_is_told_with_what_to_do(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableDataset, match="STILLHOUSE_DATASETS_DOWNLOAD=1") as caught:
        load_published(name, _shelf(tmp_path))
    assert PUBLISHED[name].files in caught.value.detail
    assert [error.pointer for error in caught.value.errors] == ["#/dataset"]
    with pytest.raises(UnusableDataset, match="none is named: set STILLHOUSE_DATASETS, where"):
        load_published(name, Shelf(None, download=True, scratch=tmp_path))


def test_it_is_downloaded_where_the_operator_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def download(url: str, root: str, **_: object) -> None:
        asked.append(url)
        _cifar10(Path(root), monkeypatch)

    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", download)
    with pytest.raises(UnusableDataset):
        load_published("torchvision/cifar10", _shelf(tmp_path))
    assert asked == []
    dataset = load_published("torchvision/cifar10", _shelf(tmp_path, download=True))
    assert len(dataset.labels) == 67
    assert asked == [datasets.CIFAR10.url]


@pytest.mark.parametrize("error", [URLError("no route to host"), RuntimeError("a wrong file")])
def test_a_download_that_fails_is_told(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", fail)
    with pytest.raises(UnusableDataset, match=r"can't be downloaded: (no route|a wrong)"):
        load_published("torchvision/cifar10", _shelf(tmp_path, download=True))
