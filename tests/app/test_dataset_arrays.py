import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dataset_archive import open_archive
from app.dataset_arrays import check_arrays
from app.dataset_limits import Refused
from app.dataset_samples import Samples
from tests.app.samples_npz import Array, arrays, header, npy, npz, zipped

LIMIT = 2**24


def _summary(data: bytes, limit: int = LIMIT) -> dict[str, object]:
    with open_archive(io.BytesIO(data)) as archive:
        return check_arrays(archive, limit, Samples())


def test_a_good_dataset_is_summed_up() -> None:
    assert _summary(npz(images=np.zeros((12, 9, 8, 3), np.uint8))) == {
        "n": 12,
        "test_n": 0,
        "shape": [9, 8, 3],
        "dtype": "uint8",
        "classes": ["0", "1", "2"],
        "class_counts": [4, 4, 4],
    }


@pytest.mark.parametrize("dtype", ["i1", "u1", ">i4", "<u8"])
def test_labels_may_be_any_integers(dtype: str) -> None:
    assert _summary(npz(labels=(np.arange(12) % 2).astype(dtype)))["class_counts"] == [6, 6]


def test_images_may_lie_in_fortrans_order_and_be_stored_plain() -> None:
    images = np.asfortranarray(np.zeros((12, 8, 8), np.uint8))
    file = io.BytesIO()
    np.savez(file, images=images, labels=np.arange(12) % 2)
    assert _summary(file.getvalue())["n"] == 12


def test_three_of_a_class_do_and_two_beside_test_images() -> None:
    three = np.array([0] * 9 + [1] * 3)
    assert _summary(npz(labels=three))["class_counts"] == [9, 3]
    two = np.array([0] * 10 + [1] * 2)
    test: dict[str, Array | None] = {"test_images": TEST, "test_labels": LABELS[:2]}
    assert _summary(npz(labels=two, **test))["class_counts"] == [10, 2]


LABELS = np.arange(12) % 3
TEST = np.zeros((2, 8, 8), np.uint8)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"images": None}, "images", "missing"),
        ({"labels": None}, "labels", "missing"),
        ({"extra": LABELS}, "", "'extra.npy'"),
        ({"images": np.zeros((12, 8, 8), np.float32)}, "images", "uint8 .* not float32"),
        ({"images": np.full((12, 8, 8), np.nan)}, "images", "uint8"),
        ({"images": np.zeros((12, 8, 8), np.int8)}, "images", "uint8"),
        ({"images": np.zeros((12, 64), np.uint8)}, "images", "N x H x W"),
        ({"images": np.zeros((12, 8, 8, 3, 1), np.uint8)}, "images", "N x H x W"),
        ({"images": np.uint8(3)}, "images", "a single number"),
        ({"images": np.zeros((12, 3, 8, 8), np.uint8)}, "images", "channels, the last axis"),
        ({"images": np.zeros((12, 1, 1), np.uint8)}, "images", "4 to 1024 .* not 12 x 1 x 1"),
        ({"images": np.zeros((12, 2, 8), np.uint8)}, "images", "4 to 1024"),
        ({"images": np.zeros((12, 4, 1025), np.uint8)}, "images", "4 to 1024"),
        ({"images": np.zeros((0, 8, 8), np.uint8)}, "images", "not 0"),
        ({"labels": LABELS.astype(np.float64)}, "labels", "integers .* not float64"),
        ({"labels": np.full(12, np.nan)}, "labels", "integers"),
        ({"labels": LABELS.astype(bool)}, "labels", "integers"),
        ({"labels": LABELS.astype(str)}, "labels", "integers"),
        ({"labels": LABELS[:5]}, "labels", "12 images"),
        ({"labels": LABELS[:, None]}, "labels", "not 12 x 1"),
        ({"labels": LABELS - 1}, "labels", "one is -1"),
        ({"labels": LABELS * 0}, "labels", "not 1"),
        ({"labels": LABELS * 10**12}, "labels", "2 to 10000 classes"),
        ({"labels": np.full(12, 2**64 - 1, np.uint64)}, "labels", "2 to 10000 classes"),
        ({"labels": LABELS * 2}, "labels", "class 1 of 5 has 0 images"),
        ({"labels": np.array([0] * 10 + [1] * 2)}, "labels", "3 of each .* and test"),
        (
            {
                "labels": np.array([0] * 11 + [1]),
                "test_images": TEST,
                "test_labels": LABELS[:2],
            },
            "labels",
            "class 1 of 2 has 1 image, but 2 of each are needed to train and validate$",
        ),
        ({"classes": np.array(["a", "b"])}, "labels", "a label is 2, but `classes` has 2"),
        ({"classes": np.array(["a", "b", "c", "d"])}, "labels", r"class 3 \(d\) of 4 has 0"),
        ({"classes": np.array([1, 2, 3])}, "classes", "strings"),
        ({"classes": np.array([["a", "b", "c"]])}, "classes", "strings"),
        ({"classes": np.array(["a", "b", "b"])}, "classes", "once"),
        ({"classes": np.array(["a", "b", ""])}, "classes", "printable"),
        ({"classes": np.array(["a", "b", "c\x00d"])}, "classes", "printable"),
        ({"classes": np.array(["a", "b", "\ud800"])}, "classes", "printable"),
        ({"classes": np.array(["a", "b", "c" * 201])}, "classes", "200"),
        ({"classes": np.array(["a", "b", None])}, "classes", "Python objects"),
        ({"images": np.array([object()] * 12)}, "images", "Python objects"),
        ({"test_images": TEST}, "test_labels", "both"),
        ({"test_labels": LABELS}, "test_images", "both"),
        ({"test_images": TEST[:, :7], "test_labels": LABELS[:2]}, "test_images", "as in"),
        ({"test_images": TEST, "test_labels": LABELS}, "test_labels", "2 images"),
        ({"test_images": TEST, "test_labels": np.array([0, 3])}, "test_labels", "a label is 3"),
        ({"test_images": TEST[:0], "test_labels": LABELS[:0]}, "test_images", "not 0"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Array | None], field: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        _summary(npz(**changes))
    assert caught.value.field == field


def test_images_of_4096_pixels_a_side_are_refused_by_their_shape() -> None:
    data = zipped(images=header("(12, 4096, 4096)"), labels=npy(LABELS))
    with pytest.raises(Refused, match=r"4 to 1024 pixels a side .* not 12 x 4096 x 4096"):
        _summary(data, 2**30)


class Explosive:
    """A pickle that would leave a mark if anybody opened it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("exploded",)


def test_a_pickle_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good = arrays()
    hidden = zipped(images=header("(1,)", "'|O'") + pickle.dumps(Explosive()), labels=npy(LABELS))
    plain = zipped(images=pickle.dumps(Explosive()), labels=npy(good["labels"]))
    for data in (hidden, plain, pickle.dumps(Explosive())):
        with pytest.raises(Refused):
            _summary(data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (b"", "no .npy array"),
        (b"\x93NUMPY\x09\x09", "no .npy array"),
        (header("(12, 8,"), "no .npy array"),
        (header("(" * 2000), "no .npy array"),
        (header("(-1, 8, 8)"), "no shape"),
        (header("(True, 8, 8)"), "no shape|no .npy array"),
        (header("(12, 8, 8)", "'nonsense'"), "no .npy array"),
        (header("(12, 8, 8)"), "more or less data"),
        (header("(12, 8, 8)") + bytes(12 * 64 + 1), "more or less data"),
    ],
)
def test_headers_that_lie_are_refused(images: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        _summary(zipped(images=images, labels=npy(LABELS)))
    assert caught.value.field == "images"


def test_a_bomb_that_says_its_size_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Refused, match="unpacks to 100000000"):
        _summary(zipped(images=header("(1000000, 100, 100)"), labels=npy(LABELS)))


def test_a_bomb_that_hides_its_size_is_left_at_the_size_it_says() -> None:
    data = zipped(images=header("(12, 8, 8)") + bytes(50 * 2**20), labels=npy(LABELS))
    assert len(data) < 2**18
    with pytest.raises(Refused, match="more or less data"):
        _summary(data)


def test_damage_is_found_by_the_checksum() -> None:
    file = io.BytesIO()
    images = np.random.default_rng(0).integers(0, 256, (900, 8, 8), np.uint8)
    np.savez(file, images=images, labels=np.arange(900) % 2)
    data = bytearray(file.getvalue())
    data[data.index(images.tobytes()) + 50_000] ^= 1
    with pytest.raises(Refused, match="damaged"):
        _summary(bytes(data))


def test_a_member_that_is_there_twice_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("images.npy", npy(arrays()["images"]))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("images.npy", npy(arrays()["images"]))
    with pytest.raises(Refused, match="twice"):
        _summary(file.getvalue())


def test_a_strange_compression_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays().items():
            archive.writestr(f"{name}.npy", npy(array))
    with pytest.raises(Refused, match="stored or deflated"):
        _summary(file.getvalue())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_is_a_refusal_or_does_no_harm(data: st.DataObject) -> None:
    archive = bytearray(npz())
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(len(archive) // 2, len(archive)))
    try:
        summary = _summary(bytes(archive[:end]))
    except Refused:
        return
    assert summary["n"] == 12
