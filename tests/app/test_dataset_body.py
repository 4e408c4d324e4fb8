from datetime import UTC, datetime

from app.dataset_body import DatasetBody
from app.records import DatasetRecord, Json

SUMMARY: Json = {
    "n": 44,
    "test_n": 0,
    "shape": [8, 8, 1],
    "dtype": "uint8",
    "classes": ["cat", "dog"],
    "class_counts": [40, 4],
}


def _body(**summary: object) -> DatasetBody:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    record = DatasetRecord("dst_1", "pets", "key", "sha", 7, SUMMARY | summary, created)
    return DatasetBody.of(record)


def test_a_dataset_from_before_notes_is_told_in_full() -> None:
    body = _body()
    assert (body.n, body.class_counts, body.shorter_side) == (44, (40, 4), None)
    assert (body.imbalance, body.notes) == (10.0, ())


def test_what_was_found_and_how_uneven_it_is_are_told() -> None:
    body = _body(notes=["2 hidden files"], shorter_side=224, class_counts=[41, 3])
    assert body.shorter_side == 224
    assert body.imbalance == 13.67
    assert body.notes[0] == "2 hidden files"
    assert "cat has 41 images and dog 3" in body.notes[1]
