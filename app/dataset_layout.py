"""Which class each file of a folder of images belongs to, told by its path alone."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from app.dataset_limits import LONGEST_CLASS_NAME, MOST_IMAGES, Refused, expect_classes

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
TRAIN = ("train", "training")
_TEST = ("test", "testing")
_VALIDATION = ("val", "valid", "validation")
SPLITS = (*TRAIN, *_TEST, *_VALIDATION)
# What systems leave in folders beside files whose names begin with a dot.
_LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")
_WANTED = "`train/CLASS/FILE` and `test/CLASS/FILE`, or `CLASS/FILE` alone"
_LONGEST_SHOWN = 100
_SHOWN = 3


@dataclass(frozen=True)
class Layout:
    """Images by class.

    Attributes:
        classes: their names, sorted.
        images: path and class of each image that is not a test image, sorted by both.
        test: likewise of the test images.
        notes: what should be known of files that were left out or joined.
    """

    classes: list[str]
    images: list[tuple[str, int]]
    test: list[tuple[str, int]]
    notes: list[str]

    @property
    def counts(self) -> list[int]:
        """How many images that are not test images each class has."""
        counts = [0] * len(self.classes)
        for _, label in self.images:
            counts[label] += 1
        return counts


def layout_of(paths: Iterable[str]) -> Layout:
    """Returns the classes of the images under the paths, which have forward slashes.

    They are `train/CLASS/FILE` and, if there are any, `test/CLASS/FILE`; or `CLASS/FILE`; or
    either within one more folder. `val/CLASS/FILE` are the test images where there is no `test`
    (as in ImageNet), else they are images as those of `train`. Hidden files are left out.

    Raises:
        Refused: they lie in another way, or classes have too few images.
    """
    seen: list[str] = []
    hidden: list[str] = []
    for path in paths:
        (hidden if _is_hidden(path) else seen).append(path)
    members = _members(seen)
    has_split = any(split in TRAIN for split, _, _ in members)
    test_from = _test_from({split for split, _, _ in members}) if has_split else ()
    images = sorted((name, path) for split, name, path in members if split not in test_from)
    test = sorted((name, path) for split, name, path in members if split in test_from)
    classes = sorted({name for name, _ in images})
    _expect_names(classes)
    number = {name: index for index, name in enumerate(classes)}
    for name, path in test:
        if name not in number:
            raise Refused("", f"{shown(path)} is of a class that has no images to train with")
    layout = Layout(
        classes,
        [(path, number[name]) for name, path in images],
        [(path, number[name]) for name, path in test],
        _notes(hidden, members, test_from),
    )
    expect_classes("", layout.counts, classes, has_test=bool(test))
    return layout


def shown(path: str) -> str:
    """Returns a path in quotes, its end alone where it is long."""
    return repr(path if len(path) <= _LONGEST_SHOWN else f"…{path[-_LONGEST_SHOWN:]}")


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") or part in _LITTER for part in path.split("/"))


def _members(paths: list[str]) -> list[tuple[str, str, str]]:
    """Returns the split (empty where there are none), class and path of each image."""
    if not paths:
        raise Refused("", f"it has no images, but {_WANTED}, are wanted")
    if len(paths) > MOST_IMAGES:
        raise Refused("", f"it has {len(paths)} files, but {MOST_IMAGES} are the most")
    for path in paths:
        if not path.lower().endswith(SUFFIXES):
            raise Refused(
                "", f"it has {shown(path)}, but only images ({', '.join(SUFFIXES)}) are known"
            )
    places = [path.split("/") for path in paths]
    first = places[0][0]
    if first not in SPLITS and all(len(p) > 2 and p[0] == first for p in places):
        places = [place[1:] for place in places]
    is_split = any(len(place) == 3 and place[0] in TRAIN for place in places)
    for path, place in zip(paths, places, strict=True):
        if len(place) != (3 if is_split else 2) or (is_split and place[0] not in SPLITS):
            raise Refused(
                "",
                f"it has {shown(path)}, but {_WANTED}, are wanted",
            )
    return [
        (place[0] if is_split else "", unicodedata.normalize("NFC", place[-2]), path)
        for path, place in zip(paths, places, strict=True)
    ]


def _test_from(splits: set[str]) -> tuple[str, ...]:
    return _TEST if splits & set(_TEST) else _VALIDATION


def _expect_names(classes: list[str]) -> None:
    for name in classes:
        if len(name) > LONGEST_CLASS_NAME or not name.isprintable():
            raise Refused(
                "",
                f"classes of up to {LONGEST_CLASS_NAME} printable characters are wanted, and not"
                f" {shown(name)}",
            )
    folded: dict[str, str] = {}
    for name in classes:
        other = folded.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
        if other != name:
            raise Refused("", f"the classes {shown(other)} and {shown(name)} look alike")


def _notes(
    hidden: list[str], members: list[tuple[str, str, str]], test_from: tuple[str, ...]
) -> list[str]:
    notes = []
    if hidden:
        few = ", ".join(sorted({shown(path.rpartition("/")[2]) for path in hidden})[:_SHOWN])
        number = "1 hidden file was" if len(hidden) == 1 else f"{len(hidden)} hidden files were"
        notes.append(f"{number} left out ({few})")
    joined = sum(split in _VALIDATION for split, _, _ in members)
    if joined and test_from == _TEST:
        notes.append(f"{joined} images to validate with were joined to those to train with")
    return notes
