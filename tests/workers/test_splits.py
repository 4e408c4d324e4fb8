import numpy as np
import pytest

from workers.splits import Splits, content_hash, stratified_splits

LABELS = np.repeat(np.arange(4), [400, 200, 100, 60]).astype(np.int64)
CONTENT = content_hash(LABELS)


def _all(splits: Splits) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.concatenate([splits.train, splits.validation, splits.test])


def test_without_a_test_split_every_class_is_split_70_15_15() -> None:
    splits = stratified_splits(LABELS, None, CONTENT)
    assert sorted(_all(splits)) == list(range(len(LABELS)))
    assert np.bincount(LABELS[splits.train]).tolist() == [280, 140, 70, 42]
    assert np.bincount(LABELS[splits.validation]).tolist() == [60, 30, 15, 9]
    assert np.bincount(LABELS[splits.test]).tolist() == [60, 30, 15, 9]


def test_a_given_test_split_is_the_test_split_and_10_percent_of_the_rest_validates() -> None:
    splits = stratified_splits(LABELS, np.zeros(50, np.int64), CONTENT)
    assert splits.test.tolist() == list(range(760, 810))
    assert np.bincount(LABELS[splits.validation]).tolist() == [40, 20, 10, 6]
    assert sorted(_all(splits)) == list(range(810))


@pytest.mark.parametrize(
    ("members", "counts"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (1, 1, 1)), (4, (2, 1, 1))]
)
def test_a_small_class_is_in_every_split_if_it_can_be(
    members: int, counts: tuple[int, int, int]
) -> None:
    labels = np.repeat(np.arange(2), [100, members]).astype(np.int64)
    splits = stratified_splits(labels, None, CONTENT)
    parts = (splits.train, splits.validation, splits.test)
    assert tuple(int((labels[part] == 1).sum()) for part in parts) == counts


@pytest.mark.parametrize(("members", "validate"), [(1, 0), (2, 1), (3, 1)])
def test_with_a_test_split_given_two_images_of_a_class_are_enough(
    members: int, validate: int
) -> None:
    labels = np.repeat(np.arange(2), [100, members]).astype(np.int64)
    splits = stratified_splits(labels, np.zeros(5, np.int64), CONTENT)
    assert int((labels[splits.validation] == 1).sum()) == validate
    assert int((labels[splits.train] == 1).sum()) == members - validate


def test_the_content_alone_decides_the_splits() -> None:
    again = stratified_splits(LABELS, None, CONTENT)
    other = stratified_splits(LABELS, None, content_hash(LABELS + 1))
    first = stratified_splits(LABELS, None, CONTENT)
    assert first.train.tolist() == again.train.tolist()
    assert first.train.tolist() != other.train.tolist()


@pytest.mark.parametrize(
    "other",
    [
        np.arange(6, dtype=np.uint8).reshape(3, 2),
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.arange(1, 7, dtype=np.uint8).reshape(2, 3),
    ],
)
def test_the_hash_sees_shape_type_and_values(
    other: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert content_hash(array) == content_hash(array.copy())
    assert content_hash(array) != content_hash(other)


def test_bytes_hold_the_splits() -> None:
    splits = stratified_splits(LABELS, None, CONTENT)
    read = Splits.from_bytes(splits.to_bytes())
    assert read.train.tolist() == splits.train.tolist()
    assert read.validation.tolist() == splits.validation.tolist()
    assert read.test.tolist() == splits.test.tolist()
    assert read.test.dtype == np.int64
