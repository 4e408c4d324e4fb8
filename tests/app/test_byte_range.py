import pytest

from app.byte_range import NoSuchPart, Part, part_of


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-0", Part(0, 0)),
        ("bytes=2-4", Part(2, 4)),
        ("bytes=2-", Part(2, 9)),
        ("bytes= 2 - 400 ", Part(2, 9)),
        ("bytes=-3", Part(7, 9)),
        ("bytes=-300", Part(0, 9)),
        ("bytes=9-9", Part(9, 9)),
    ],
)
def test_a_part_is_within_the_file(text: str, part: Part) -> None:
    assert part_of(text, 10) == part


@pytest.mark.parametrize(
    "text",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b",
     "bytes=1-" + "9" * 19, "bytes=٣-٤"],
)  # fmt: skip
def test_what_is_not_understood_gets_the_whole(text: str | None) -> None:
    assert part_of(text, 10) is None


@pytest.mark.parametrize(
    ("text", "size"), [("bytes=10-", 10), ("bytes=99-100", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_what_is_behind_the_end_is_refused(text: str, size: int) -> None:
    with pytest.raises(NoSuchPart) as refused:
        part_of(text, size)
    assert refused.value.headers["Content-Range"] == f"bytes */{size}"
