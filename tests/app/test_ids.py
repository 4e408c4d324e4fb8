import pytest

from app.ids import JOB, is_id, new_id


def test_ids_are_told_apart_by_their_prefix() -> None:
    ids = {new_id(JOB) for _ in range(100)}
    assert len(ids) == 100
    assert all(is_id("job", one) and not is_id("dst", one) for one in ids)


@pytest.mark.parametrize("text", ["", "job_", "job_" + "a" * 21, "job_" + "ä" * 22, "job_a\x00"])
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_id("job", text)


def test_a_line_end_is_no_part_of_an_id() -> None:
    assert not is_id("job", new_id(JOB) + "\n")
