"""Zips of image files to upload: a good one, and ways to spoil it."""

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from PIL import Image

SIDE = 6


def image(
    colour: int = 0, size: tuple[int, int] = (SIDE, SIDE), mode: str = "RGB", kind: str = "PNG"
) -> bytes:
    """Returns an image file of width and height `size`, filled with a shade of grey."""
    file = io.BytesIO()
    Image.new("L", size, colour).convert(mode).save(file, kind)
    return file.getvalue()


def noise(size: tuple[int, int], seed: int = 0) -> bytes:
    """Returns a colour PNG of random pixels, of width and height `size`."""
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def animated(kind: str) -> bytes:
    """Returns an image file of three frames."""
    file = io.BytesIO()
    first, *others = [Image.new("RGB", (SIDE, SIDE), (shade, 0, 0)) for shade in (0, 90, 180)]
    first.save(file, kind, save_all=True, append_images=others, duration=100)
    return file.getvalue()


def members(**changes: bytes | None) -> dict[str, bytes]:
    """Returns two classes of four images each; further paths, None leaves one out."""
    good: dict[str, bytes | None] = {
        f"{name}/{number}.png": image(shade + number)
        for name, shade in (("cat", 10), ("dog", 200))
        for number in range(4)
    }
    return {path: data for path, data in (good | changes).items() if data is not None}


def within(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Returns the files under a folder."""
    return {f"{folder}/{path}": data for path, data in files.items()}


def zip_of(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns an archive of the files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return file.getvalue()


def zip_with(info: zipfile.ZipInfo, data: bytes = b"") -> bytes:
    """Returns a good archive with one more member, as described."""
    file = io.BytesIO(zip_of(members()))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(info, data)
    return file.getvalue()
