"""Where images come from: a name, what was uploaded before, files, or arrays in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stillhouse.documents import Document
from stillhouse.errors import StillhouseError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike
    from torch import Tensor

    Values = ArrayLike | Tensor
    Arrays = tuple[Values, Values] | Mapping[str, Values]
    DatasetFrom = str | Path | Arrays

_PACKED = ("images", "labels", "test_images", "test_labels", "classes")
_NEEDED = {"images", "labels"}
# What a data set's name begins with: a folder of the same name is given as `./digits`.
_BUILT_IN = "digits"
_NAMES = ("torchvision/", "folder/")


class UnusableDataset(StillhouseError):
    """Raised on this machine when images can't be a data set; says what would be right."""

    exit_code = 2


def name_or_path(dataset: str | Path) -> dict[str, str] | Path:
    """Returns how a request names a data set, or the path of what has to be uploaded first.

    Raises:
        UnusableDataset: It is the name of a file that isn't there.
    """
    path = Path(dataset)
    is_file = path.suffix in {".npz", ".zip"}
    if isinstance(dataset, str):
        if dataset.startswith("dst_"):
            return {"id": dataset}
        is_name = dataset == _BUILT_IN or dataset.startswith(_NAMES)
        if not is_file and (is_name or not path.is_dir()):
            return {"name": dataset}
    if not (path.is_file() if is_file else path.exists()):
        msg = f"there is no {'file' if is_file else 'folder'} {path}"
        raise UnusableDataset(msg)
    return path


@contextmanager
def packed(arrays: Arrays) -> Iterator[Path]:
    """Yields an `.npz` of images in memory, for `POST /v1/datasets`; it goes with the block.

    Args:
        arrays: `(images, labels)`, or these by name with `test_images`, `test_labels` and `classes`
            where there are some. Images are whole numbers from 0 to 255, `N x H x W`,
            `N x H x W x C` or `N x C x H x W` with one or three channels; where that leaves two
            layouts, a tensor has its channels first and any other array has them last.

    Raises:
        UnusableDataset: They are something else; says which one and what is wanted.
    """
    import numpy as np

    named = _named(arrays)
    ready = {
        name: _images(name, values) if name.endswith("images") else _array(name, values)
        for name, values in named.items()
    }
    for images, labels in (("images", "labels"), ("test_images", "test_labels")):
        if images in ready and len(ready[images]) != len(ready[labels]):
            msg = f"there are {len(ready[images])} {images} and {len(ready[labels])} {labels}"
            raise UnusableDataset(msg)
    with TemporaryDirectory(prefix="stillhouse-") as folder:
        path = Path(folder) / "images.npz"
        np.savez(path, allow_pickle=False, **ready)
        yield path


def described(dataset: Document) -> str:
    """Returns in words what the server found in a data set."""
    counts, shape = dataset["class_counts"], "x".join(map(str, dataset["shape"]))
    tested = f" and {dataset['test_n']:,} to test" if dataset["test_n"] else ""
    images = f"{dataset['n']:,} images{tested}, {shape}"
    classes = f"{len(counts)} classes with {min(counts):,} to {max(counts):,} each"
    told = f"{dataset['id']} ({dataset['name']}): {images}, of {classes}"
    return "\n".join([told, *(f"  {note}" for note in dataset["notes"])])


def _named(arrays: Arrays) -> dict[str, Values]:
    """Returns the arrays by their names in the `.npz`."""
    wanted = "a data set in memory is (images, labels), or a mapping with " + ", ".join(_PACKED)
    if isinstance(arrays, tuple):
        if len(arrays) != 2:
            msg = f"{wanted}; got a tuple of {len(arrays)}"
            raise UnusableDataset(msg)
        return dict(zip(("images", "labels"), arrays, strict=True))
    if not isinstance(arrays, Mapping):
        msg = f"{wanted}; got {type(arrays).__name__}"
        raise UnusableDataset(msg)
    names = set(arrays)
    halves = ("test_images" in names) != ("test_labels" in names)
    if not names >= _NEEDED or not names <= set(_PACKED) or halves:
        msg = f"{wanted}; got {', '.join(sorted(map(str, names))) or 'nothing'}"
        raise UnusableDataset(msg)
    return dict(arrays)


def _array(name: str, values: Values) -> np.ndarray:
    """Returns values as an array of NumPy's; a tensor may lie on any device and need gradients."""
    import numpy as np

    detach = getattr(values, "detach", None)
    try:
        array = np.asarray(values if detach is None else detach().cpu().numpy())
    except ValueError as error:
        msg = f"{name} are not one array: {error}"
        raise UnusableDataset(msg) from error
    if array.dtype.hasobject:
        msg = f"{name} are not one array of numbers or strings; got {array.dtype}"
        raise UnusableDataset(msg)
    return array


def _images(name: str, values: Values) -> np.ndarray:
    """Returns images as uint8 with the channels, where there is an axis of them, last."""
    import numpy as np

    images = _array(name, values)
    if images.dtype.kind not in "iu" or (images.size and not _are_bytes(images)):
        is_number = images.dtype.kind in "iuf" and images.size
        span = f" from {images.min():g} to {images.max():g}" if is_number else ""
        msg = (
            f"{name} must be whole numbers from 0 to 255, as before any preprocessing; got "
            f"{images.dtype}{span}. Of numbers from 0 to 1 make them with (images * 255).round()"
            ".astype('uint8'), and let preprocessing say what the network takes"
        )
        raise UnusableDataset(msg)
    if images.ndim not in {3, 4}:
        msg = f"{name} must be N x H x W, N x H x W x C or N x C x H x W; got shape {images.shape}"
        raise UnusableDataset(msg)
    if images.ndim == 4 and _has_channels_first(images.shape, hasattr(values, "detach")):
        images = np.moveaxis(images, 1, 3)
    return np.ascontiguousarray(images, dtype=np.uint8)


def _are_bytes(images: np.ndarray) -> bool:
    return bool(images.min() >= 0 and images.max() <= 255)


def _has_channels_first(shape: tuple[int, ...], is_tensor: bool) -> bool:
    first, last = shape[1] in {1, 3}, shape[3] in {1, 3}
    return first and (is_tensor or not last)
