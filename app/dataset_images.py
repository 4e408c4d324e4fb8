"""From an image file's bytes to an array, by Pillow, within limits. It needs no torch."""

import io
import statistics
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.dataset_limits import SMALLEST_SIDE, Refused

T = TypeVar("T")

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
LARGEST_FILE_BYTES = 128 * 2**20
MOST_PIXELS = 8192 * 8192  # 800 MB while a picture of four channels is read and converted
LARGEST_SHORTER_SIDE = 224  # what networks by name were made for
MOST_LOOKED_AT = 1000  # images of which the size and the channels of all are chosen
_GRAY = ("1", "L", "LA", "I;16", "I;16B", "I;16L", "I")
# What Pillow raises for files that are broken or are meant to break it.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    NotImplementedError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Header:
    """What an image file says of itself: height and width in pixels, and whether it has colour."""

    height: int
    width: int
    coloured: bool


@dataclass(frozen=True)
class Target:
    """What all images of a dataset are made to be.

    Attributes:
        height, width: pixels.
        channels: 1 where all are grey, else 3.
        shorter_side: pixels; what images were resized to before they were cropped in the centre;
            None where all came in one size and stay as they are.
    """

    height: int
    width: int
    channels: int
    shorter_side: int | None


def spread(images: Sequence[T]) -> list[T]:
    """Returns at most `MOST_LOOKED_AT` of the images, evenly spread."""
    return list(images[:: -(-len(images) // MOST_LOOKED_AT)])


def target_of(headers: Sequence[Header]) -> Target:
    """Returns what the images are made to be, from the headers of those that are looked at.

    Images of one size of at most 224 pixels a side stay as they are. Others become squares of the
    median shorter side, at most 224.
    """
    channels = 3 if any(header.coloured for header in headers) else 1
    sizes = {(header.height, header.width) for header in headers}
    height, width = next(iter(sizes))
    if len(sizes) == 1 and max(height, width) <= LARGEST_SHORTER_SIDE:
        return Target(height, width, channels, None)
    median = statistics.median_low(min(header.height, header.width) for header in headers)
    side = min(median, LARGEST_SHORTER_SIDE)
    return Target(side, side, channels, side)


def read_header(name: str, data: bytes) -> Header:
    """Returns an image's header; nothing is decompressed.

    Raises:
        Refused: it is no image that is taken; names it.
    """
    with _opened(name, data) as image:
        return Header(image.height, image.width, image.mode not in _GRAY)


def read_image(name: str, data: bytes, target: Target) -> NDArray[np.uint8]:
    """Returns an image as uint8 `height x width x channels` of the target.

    It is cropped in the centre to the target's shape and resized bilinearly, antialiased. Colours
    are as `Image.convert` gives them: transparency is dropped, 16 bits become the upper 8.

    Raises:
        Refused: it is no whole image that is taken; names it.
    """
    with _opened(name, data) as image:
        picture = _eight_bit(image).convert("L" if target.channels == 1 else "RGB")
        if picture.size != (target.width, target.height):
            picture = picture.resize(
                (target.width, target.height), Image.Resampling.BILINEAR, _centre(picture, target)
            )
        pixels: NDArray[np.uint8] = np.asarray(picture, np.uint8)
    return pixels.reshape(target.height, target.width, target.channels)


@contextmanager
def _opened(name: str, data: bytes) -> Iterator[Image.Image]:
    """Yields the image if its header is within the limits."""
    if len(data) > LARGEST_FILE_BYTES:
        raise Refused("", f"{name} has {len(data)} bytes, but {LARGEST_FILE_BYTES} are the most")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _expect_sound(name, image)
            yield image
    except _BROKEN as error:
        kinds = ", ".join(FORMATS)
        raise Refused("", f"{name} is no whole image of a kind that is known ({kinds})") from error


def _expect_sound(name: str, image: Image.Image) -> None:
    size = f"{image.width} x {image.height} pixels"
    if min(image.size) < SMALLEST_SIDE:
        raise Refused("", f"{name} has {size}, but {SMALLEST_SIDE} a side are the fewest")
    if image.width * image.height > MOST_PIXELS:
        raise Refused("", f"{name} has {size}, but {MOST_PIXELS} in all are the most")
    # Cameras put a preview beside the picture (MPO): the picture comes first.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise Refused("", f"{name} is animated, but pictures are wanted")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Returns the image with 8 bits a channel: Pillow's own conversion would clip 16 bits."""
    if not image.mode.startswith("I"):
        return image
    values: NDArray[Any] = np.asarray(image)
    return Image.fromarray((np.clip(values, 0, 2**16 - 1) >> 8).astype(np.uint8))


def _centre(image: Image.Image, target: Target) -> tuple[float, float, float, float]:
    """Returns left, top, right and bottom of the largest central part of the target's shape."""
    scale = min(image.width / target.width, image.height / target.height)
    width, height = target.width * scale, target.height * scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return left, top, left + width, top + height
