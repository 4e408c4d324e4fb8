import io
import stat
import zipfile

import numpy as np
import pytest

from app.dataset_archive import open_archive
from app.dataset_folder import convert_images
from app.dataset_limits import Refused
from app.dataset_samples import Samples
from tests.app.samples_images import animated, image, members, noise, within, zip_of, zip_with
from tests.app.samples_npz import Array

LIMIT = 2**24


def _convert(data: bytes, limit: int = LIMIT) -> tuple[dict[str, object], dict[str, Array]]:
    output = io.BytesIO()
    with open_archive(io.BytesIO(data)) as archive:
        summary = convert_images(archive, limit, output, Samples())
    with np.load(io.BytesIO(output.getvalue()), allow_pickle=False) as arrays:
        return summary, dict(arrays)


def test_images_become_arrays() -> None:
    files = within("train", members()) | {"test/dog/x.png": image(33), "train/": b""}
    summary, arrays = _convert(zip_of(files))
    assert summary == {
        "n": 8,
        "test_n": 1,
        "shape": [6, 6, 3],
        "dtype": "uint8",
        "classes": ["cat", "dog"],
        "class_counts": [4, 4],
        "shorter_side": None,
        "notes": [],
    }
    assert arrays["images"][:, 0, 0, 0].tolist() == [10, 11, 12, 13, 200, 201, 202, 203]
    assert arrays["labels"].tolist() == [0] * 4 + [1] * 4
    assert arrays["test_images"][:, 0, 0, 0].tolist() == [33]
    assert arrays["test_labels"].tolist() == [1]
    assert arrays["classes"].tolist() == ["cat", "dog"]


def test_the_same_images_make_the_same_bytes() -> None:
    made = []
    for files in (members(), dict(reversed(members().items()))):
        output = io.BytesIO()
        with open_archive(io.BytesIO(zip_of(files))) as archive:
            convert_images(archive, LIMIT, output, Samples())
        made.append(output.getvalue())
    assert made[0] == made[1]


def test_images_of_many_sizes_and_modes_become_one() -> None:
    files = members(
        **{
            "cat/0.png": image(50, (1600, 900), "L"),
            "cat/big.jpg": image(50, (4096, 4096), "CMYK", "JPEG"),
            "dog/p.gif": image(50, (20, 30), "P", "GIF"),
            "dog/a.png": image(50, (40, 40), "RGBA"),
        }
    )
    summary, arrays = _convert(zip_of(files))
    assert summary["shape"] == [6, 6, 3]
    assert summary["shorter_side"] == 6
    assert arrays["images"].shape == (11, 6, 6, 3)


def test_grey_images_have_one_channel() -> None:
    files = {path: image(7, mode="L") for path in members()}
    summary, arrays = _convert(zip_of(files))
    assert summary["shape"] == [6, 6, 1]
    assert arrays["images"].shape == (8, 6, 6, 1)


def _info(path: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "path",
    [
        "/etc/x.png",
        "cat/../../x.png",
        "../x.png",
        "cat\\x.png",
        "C:/x.png",
        "cat//x.png",
        "./x.png",
    ],
)
def test_paths_that_lead_out_are_refused(path: str) -> None:
    with pytest.raises(Refused, match="no path within the archive"):
        _convert(zip_with(_info(path), image()))


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(mode: int) -> None:
    with pytest.raises(Refused, match=r"'cat/x.png' is a link or a device"):
        _convert(zip_with(_info("cat/x.png", mode | 0o644), b"/etc/passwd"))


def test_what_is_encrypted_is_refused() -> None:
    data = bytearray(zip_of(members()))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flags in the directory
    with pytest.raises(Refused, match=r"'cat/0.png' is encrypted"):
        _convert(bytes(data))


def test_a_path_that_is_there_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zip_with(_info("cat/0.png"), image())
    with pytest.raises(Refused, match="there twice"):
        _convert(data)


def test_a_bomb_that_says_its_size_is_refused_before_it_is_unpacked() -> None:
    data = zip_of(members(**{f"cat/b{n}.bmp": bytes(10**7) for n in range(3)}))
    assert len(data) < 2**18
    with pytest.raises(Refused, match="it unpacks to 300"):
        _convert(data)


def test_a_file_of_more_than_one_image_may_have_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.dataset_folder.open_member", lambda *_: pytest.fail("it was opened"))
    info = zipfile.ZipInfo("cat/x.png")
    info.compress_type = zipfile.ZIP_DEFLATED
    data = zip_with(info, bytes(129 * 2**20))
    with pytest.raises(Refused, match=r"'cat/x.png' has 135266304 bytes"):
        _convert(data, 2**30)


def test_a_bomb_that_hides_its_size_is_left_at_the_size_it_says() -> None:
    data = bytearray(zip_of(members(**{"cat/x.bmp": bytes(50 * 2**20)})))
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(Refused, match=r"'cat/x.bmp'"):
        _convert(bytes(data))


def test_arrays_that_take_too_much_are_refused() -> None:
    files = {path: image(7, (200, 200), "L") for path in members()}
    data = zip_of(files)
    with pytest.raises(Refused, match="8 images take 320000 bytes as 200 x 200 x 1, but 300000"):
        _convert(data, 300_000)


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("cat/x.png", b"no image", r"'cat/x.png' is no whole image"),
        ("cat/x.png", noise((64, 64))[:5000], r"'cat/x.png' is no whole image"),
        ("cat/x.png", image(size=(1, 1)), r"'cat/x.png' has 1 x 1 pixels"),
        ("cat/x.gif", animated("GIF"), r"'cat/x.gif' is animated"),
        ("cat/x.zip", zip_of(members()), r"'cat/x.zip', but only images"),
        ("eel/x.png", image(), r"class 2 \(eel\) of 3 has 1 image"),
    ],
)
def test_what_is_wrong_is_named(path: str, data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        _convert(zip_of(members(**{path: data})))
    assert caught.value.field == ""


def test_damage_is_found_by_the_checksum() -> None:
    data = bytearray(zip_of(members(), zipfile.ZIP_STORED))
    data[data.index(b"IDAT") + 8] ^= 1
    with pytest.raises(Refused, match=r"'cat/0.png' is damaged"):
        _convert(bytes(data))


def test_other_compressions_are_refused() -> None:
    with pytest.raises(Refused, match=r"'cat/0.png': stored or deflated"):
        _convert(zip_of(members(), zipfile.ZIP_LZMA))


def test_hidden_files_are_told() -> None:
    files = members(**{"__MACOSX/cat/._0.png": b"fork", "cat/.DS_Store": b"x"})
    assert _convert(zip_of(files))[0]["notes"] == [
        "2 hidden files were left out ('.DS_Store', '._0.png')"
    ]
