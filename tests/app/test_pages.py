import base64
import json

import pytest
from sqlalchemy import select

from app.pages import Page, after, cut, decode_number, encode
from app.problems import Invalid
from app.tables import Job

_STRANGE = [
    "",
    "ä",
    "!!!!",
    "AAAA",
    "W",
    base64.urlsafe_b64encode(b"[" * 5000).decode(),
    encode([]),
    encode(["not a time", "id"]),
    encode(["2026-01-01T00:00:00+00:00", "nul\x00"]),
    encode([None]),
    encode([2**70]),
    base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode(),
]


def test_one_more_than_asked_for_means_a_next_page() -> None:
    assert cut([1, 2], 2, lambda n: [n]) == Page((1, 2), None)
    page = cut([1, 2, 3], 2, lambda n: [n])
    assert page.items == (1, 2)
    assert page.next is not None
    assert decode_number(page.next) == 2
    assert page.map(str) == Page(("1", "2"), page.next)


@pytest.mark.parametrize("cursor", _STRANGE)
def test_strange_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_number(cursor)
    assert caught.value.errors[0].pointer == "#/cursor"
    with pytest.raises(Invalid):
        after(select(Job), cursor, Job.created_at, Job.id)
