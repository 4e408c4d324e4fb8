import pytest

from app.dataset_limits import Refused, expect_classes


@pytest.mark.parametrize(("counts", "has_test"), [([3, 3], False), ([2, 9], True)])
def test_enough_images_of_each_class_are_taken(counts: list[int], has_test: bool) -> None:
    expect_classes("labels", counts, None, has_test)


@pytest.mark.parametrize(
    ("counts", "names", "has_test", "words"),
    [
        ([5], None, False, "2 to 10000 classes are wanted, not 1"),
        ([1] * 10_001, None, False, "not 10001"),
        ([3, 2, 4], None, False, "class 1 of 3 has 2 images, but 3 of each are needed to train, "),
        ([3, 1], ["a", "b"], True, r"class 1 \(b\) of 2 has 1 image, but 2 .* and validate"),
        ([3, 0, 3], None, True, "class 1 of 3 has 0 images"),
    ],
)
def test_the_scarcest_class_is_named(
    counts: list[int], names: list[str] | None, has_test: bool, words: str
) -> None:
    with pytest.raises(Refused, match=words) as caught:
        expect_classes("labels", counts, names, has_test)
    assert caught.value.field == "labels"
