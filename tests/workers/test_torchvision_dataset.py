import hashlib
import pickle
import struct
from collections.abc import Callable, Mapping
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


RAW = "FashionMNIST/raw"
IMAGES, LABELS = f"{RAW}/train-images-idx3-ubyte", f"{RAW}/train-labels-idx1-ubyte"


def _other_head(data: bytes) -> bytes:
    return b"\0\0\x0d" + data[3:]


def _other_size(data: bytes) -> bytes:
    return struct.pack(">4i", 2051, 60, 14, 56) + data[16:]


@pytest.mark.parametrize(
    ("file", "damage", "says"),
    [
        (IMAGES, lambda data: data[:-1], "has 47,055 bytes, but 47,056 are right"),
        (IMAGES, lambda data: data + b"\0", "has 47,057 bytes, but 47,056 are right"),
        (IMAGES, lambda _: b"", "doesn't begin as images of 28 x 28 pixels"),
        (IMAGES, lambda _: b"<html>not found</html>", "doesn't begin as images"),
        (IMAGES, _other_head, "doesn't begin as images"),
        (IMAGES, _other_size, "doesn't begin as images of 28 x 28"),
        (LABELS, lambda data: data[:-1], "has 67 bytes, but 68 are right"),
        (LABELS, lambda data: data[:4] + b"\0\0\0\x3b" + data[8:-1], "has 59 labels, but"),
        (LABELS, lambda data: data[:-1] + b"\x0a", "has the label 10, but 0 to 9 are wanted"),
        (LABELS, _other_head, "doesn't begin as labels"),
    ],
)
@pytest.mark.parametrize("download", [False, True])
def test_a_damaged_raw_file_is_named_with_what_would_be_right(
    download: bool,
    file: str,
    damage: Callable[[bytes], bytes],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sets = tmp_path / "sets"
    _fashion_mnist(sets, monkeypatch)
    (sets / file).write_bytes(damage((sets / file).read_bytes()))
    with pytest.raises(UnusableDataset) as caught:
        load_published("torchvision/fashionmnist", _shelf(tmp_path, download))
    assert f"`{file}` {says}" in caught.value.detail
    todo = "delete it, and it is downloaded again" if download else "as published, there"
    assert todo in caught.value.detail


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("torchvision/cifar10", "cifar-10-batches-py/data_batch_3"),
        ("torchvision/cifar100", "cifar-100-python/meta"),
        ("torchvision/svhn", "test_32x32.mat"),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_isn_t_the_published_one_is_named(
    name: str, file: str, gone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = tmp_path / "sets"
    sets.mkdir()
    _MAKERS[name](sets, monkeypatch)
    (sets / file).write_bytes((sets / file).read_bytes() + b"\0")
    if gone:
        (sets / file).unlink()
    says = "is not there" if gone else "has the MD5 [0-9a-f]{32}, but [0-9a-f]{32} is that"
    with pytest.raises(UnusableDataset, match=f"`{file}` {says}"):
        load_published(name, _shelf(tmp_path))


def test_labels_that_are_none_of_the_dataset_s_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cifar10(tmp_path / "sets", monkeypatch)
    base = tmp_path / "sets" / datasets.CIFAR10.base_folder
    content = {"data": _pixels(9, 3072), "labels": [10] * 9}
    other = [["data_batch_0", _pickled(base / "data_batch_0", content)]]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", other)
    with pytest.raises(UnusableDataset, match="its labels go from 10 to 10; put"):
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
