import pytest

from app.dataset_layout import layout_of, shown
from app.dataset_limits import Refused


def _of(*classes: str, n: int = 3, suffix: str = ".png") -> list[str]:
    return [f"{name}/{number}{suffix}" for name in classes for number in range(n)]


def test_classes_are_folders_in_the_order_of_their_names() -> None:
    layout = layout_of([*_of("dog", n=4), *_of("cat")])
    assert layout.classes == ["cat", "dog"]
    assert layout.images[0] == ("cat/0.png", 0)
    assert layout.images[-1] == ("dog/3.png", 1)
    assert (layout.counts, layout.test, layout.notes) == ([3, 4], [], [])


def test_the_order_of_the_paths_is_of_no_account() -> None:
    paths = [*_of("dog", n=4), *_of("cat")]
    assert layout_of(paths) == layout_of(paths[::-1])


@pytest.mark.parametrize("split", ["test", "testing", "val", "validation"])
def test_a_test_split_may_be_given(split: str) -> None:
    paths = [f"train/{path}" for path in _of("cat", "dog", n=2)] + [f"{split}/dog/9.JPG"]
    layout = layout_of(paths)
    assert layout.counts == [2, 2]
    assert layout.test == [(f"{split}/dog/9.JPG", 1)]
    assert layout.notes == []


def test_where_both_are_there_what_validates_is_trained_with() -> None:
    paths = [f"{split}/{path}" for split in ("train", "val", "test") for path in _of("cat", "dog")]
    layout = layout_of(paths)
    assert layout.counts == [6, 6]
    assert len(layout.test) == 6
    assert layout.notes == ["6 images to validate with were joined to those to train with"]


def test_a_folder_around_everything_is_no_class() -> None:
    plain = layout_of(_of("cat", "dog"))
    around = layout_of([f"pets/{path}" for path in _of("cat", "dog")])
    split = layout_of([f"pets/train/{path}" for path in _of("cat", "dog")])
    assert plain.classes == around.classes == split.classes
    assert plain.counts == around.counts == split.counts


def test_hidden_files_are_left_out_and_told() -> None:
    paths = [*_of("cat", "dog"), "__MACOSX/cat/._0.png", "cat/.DS_Store", "dog/Thumbs.db", ".x/y.z"]
    layout = layout_of(paths)
    assert layout.counts == [3, 3]
    assert layout.notes == ["4 hidden files were left out ('.DS_Store', '._0.png', 'Thumbs.db')"]
    assert layout_of(paths[:7]).notes == ["1 hidden file was left out ('._0.png')"]


def test_one_name_in_two_spellings_of_unicode_is_one_class() -> None:
    paths = [*_of("caf\u00e9", n=2), *[p.replace("0", "7") for p in _of("cafe\u0301", n=1)]]
    assert layout_of([*paths, *_of("tea")]).classes == ["café", "tea"]


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ([], "has no images"),
        ([".DS_Store"], "has no images"),
        ([*_of("cat", "dog"), "cat/notes.txt"], r"'cat/notes.txt', but only images \(.png"),
        ([*_of("cat", "dog"), "cat/more.zip"], "more.zip"),
        ([*_of("cat", "dog"), "0.png"], r"'0.png', but `train/CLASS/FILE`"),
        ([*_of("cat", "dog"), "cat/more/0.png"], "cat/more/0.png"),
        ([f"train/{p}" for p in _of("cat", "dog")] + ["extra/cat/0.png"], "extra/cat"),
        ([f"test/{p}" for p in _of("cat", "dog")], "test/cat/0.png"),
        ([f"train/{p}" for p in _of("cat", "dog")] + ["test/eel/0.png"], "eel.* no images to"),
        (_of("cat"), "2 to 10000 classes are wanted, not 1"),
        ([*_of("cat"), *_of("dog", n=1)], r"class 1 \(dog\) of 2 has 1 image, but 3 of each"),
        ([*_of("cat"), *_of("Cat")], "'Cat' and 'cat' look alike"),
        ([*_of("cat"), *_of("d\x07g")], "printable characters"),
        ([*_of("cat"), *_of("d" * 201)], "200 printable"),
        ([*_of("cat"), *_of("\udce9")], "printable characters"),
    ],
)
def test_what_is_wrong_is_named(paths: list[str], words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        layout_of(paths)
    assert caught.value.field == ""


def test_a_long_path_is_told_by_its_end() -> None:
    assert shown("a" * 300 + "/cat.png").endswith("/cat.png'")
    assert len(shown("a" * 300)) < 110
