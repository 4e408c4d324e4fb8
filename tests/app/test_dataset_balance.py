from app.dataset_balance import balance_notes, imbalance


def test_the_ratio_is_of_the_largest_class_to_the_smallest() -> None:
    assert imbalance([30, 10, 20]) == 3.0
    assert imbalance([7, 7]) == 1.0
    assert imbalance([1000, 3]) == 333.33


def test_classes_of_very_different_sizes_are_told() -> None:
    assert balance_notes([100, 10], ["cat", "dog"]) == []
    (note,) = balance_notes([12_345, 50, 3], ["cat", "dog", "eel"])
    assert "cat has 12,345 images and eel 3 (4115 times as many)" in note
