import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app import dataset_images
from app.dataset_images import Header, Target, read_header, read_image, spread, target_of
from app.dataset_limits import Refused
from tests.app.samples_images import SIDE, animated, image, noise

SAME = Target(SIDE, SIDE, 3, None)


def _saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def test_images_of_one_small_size_stay_as_they_are() -> None:
    headers = [Header(48, 32, coloured=False)] * 3
    assert target_of(headers) == Target(48, 32, 1, None)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    found = read_image("x", _saved(Image.fromarray(pixels)), Target(5, 7, 3, None))
    assert np.array_equal(found, pixels)


def test_others_become_squares_of_the_median_shorter_side_or_224() -> None:
    small = [Header(50, 40, True), Header(30, 90, False), Header(60, 60, False)]
    assert target_of(small) == Target(40, 40, 3, 40)
    assert target_of([Header(375, 500, True)] * 3) == Target(224, 224, 3, 224)
    assert target_of([Header(4096, 4096, True), Header(300, 300, True)]).shorter_side == 224


def test_a_thousand_are_looked_at() -> None:
    assert spread(list(range(7))) == list(range(7))
    assert len(spread(list(range(1000)))) == 1000
    some = spread(list(range(123_456)))
    assert 900 < len(some) <= 1000
    assert some[-1] > 123_000


@pytest.mark.parametrize(
    ("size", "resized", "centre"),
    [((40, 20), (20, 10), (5, 0, 15, 10)), ((20, 60), (10, 30), (0, 10, 10, 20))],
)
def test_the_centre_is_cut_out_and_resized(
    size: tuple[int, int], resized: tuple[int, int], centre: tuple[int, int, int, int]
) -> None:
    picture = Image.open(io.BytesIO(noise(size)))
    found = read_image("x", _saved(picture), Target(10, 10, 3, 10))
    expected = picture.resize(resized, Image.Resampling.BILINEAR).crop(centre)
    assert np.abs(found.astype(int) - np.asarray(expected)).max() <= 1


def test_resizing_is_antialiased() -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    found = read_image("x", _saved(Image.fromarray(stripes)), Target(8, 8, 1, 8))
    assert abs(found.astype(int) - 127).max() < 20


@pytest.mark.parametrize(
    ("mode", "kind", "coloured"),
    [
        ("1", "PNG", False),
        ("L", "PNG", False),
        ("LA", "PNG", False),
        ("L", "JPEG", False),
        ("P", "PNG", True),
        ("P", "GIF", True),
        ("RGB", "PNG", True),
        ("RGB", "JPEG", True),
        ("RGB", "BMP", True),
        ("RGB", "WEBP", True),
        ("RGBA", "PNG", True),
        ("CMYK", "JPEG", True),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_all_modes_become_grey_or_colour(
    mode: str, kind: str, coloured: bool, channels: int
) -> None:
    data = image(255, mode=mode, kind=kind)
    header = read_header("x", data)
    assert (header.height, header.width) == (SIDE, SIDE)
    assert header.coloured == coloured
    found = read_image("x", data, Target(SIDE, SIDE, channels, None))
    assert found.shape == (SIDE, SIDE, channels)
    assert found.dtype == np.uint8
    assert found.min() >= 250


def test_of_16_bits_the_upper_8_are_kept() -> None:
    values = np.array([[0, 255, 256, 1000], [30_000, 40_000, 65_279, 65_535]] * 2, np.uint16)
    data = _saved(Image.fromarray(values))
    assert not read_header("x", data).coloured
    found = read_image("x", data, Target(4, 4, 1, None))
    assert np.array_equal(found[:, :, 0], values >> 8)


def test_transparency_is_dropped() -> None:
    picture = Image.new("RGBA", (SIDE, SIDE), (200, 100, 50, 0))
    assert read_image("x", _saved(picture), SAME)[0, 0].tolist() == [200, 100, 50]


def test_a_camera_s_preview_is_left_out() -> None:
    first, second = (Image.new("RGB", (SIDE, SIDE), (shade, 0, 0)) for shade in (200, 0))
    data = _saved(first, "MPO", save_all=True, append_images=[second])
    assert read_image("x", data, SAME)[0, 0, 0] > 190


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "'x' is no whole image of a kind that is known .PNG, JPEG"),
        (b"GIF89a nonsense", "no whole image"),
        (noise((64, 64))[:3000], "no whole image"),
        (image(kind="TIFF"), "no whole image"),
        (image(size=(1, 1)), "'x' has 1 x 1 pixels, but 4 a side are the fewest"),
        (image(size=(500, 3)), "500 x 3 pixels"),
        (animated("GIF"), "'x' is animated"),
        (animated("PNG"), "'x' is animated"),
        (animated("WEBP"), "'x' is animated"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_image("'x'", data, SAME)


def _says(width: int, height: int) -> bytes:
    """Returns a BMP whose header says these sizes."""
    data = bytearray(image(kind="BMP"))
    data[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize("size", [(8192, 8193), (100_000, 100_000)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(Refused, match=r"are the most|no whole image"):
        read_header("x", _says(*size))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_4096_pixels_a_side_are_taken(kind: str) -> None:
    data = image(77, (4096, 4096), kind=kind)
    assert read_header("x", data) == Header(4096, 4096, coloured=True)
    found = read_image("x", data, Target(224, 224, 3, 224))
    assert np.abs(found.astype(int) - 77).max() <= 1


def test_a_file_that_is_too_large_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_images, "LARGEST_FILE_BYTES", 10)
    with pytest.raises(Refused, match="10 are the most"):
        read_header("x", image())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_a_refusal_or_does_no_harm(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "GIF"]))
    file = bytearray(image(100, kind=kind))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(len(file) // 2, len(file)))
    try:
        found = read_image("x", bytes(file[:end]), SAME)
    except Refused:
        return
    assert found.shape == (SIDE, SIDE, 3)
