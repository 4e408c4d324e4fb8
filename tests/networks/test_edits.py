from __future__ import annotations

import pytest

from networks import EditError, Edits


def test_json_round_trip() -> None:
    edits = Edits(("a",), {"b": 3}, (("c", "d"),))
    assert edits.to_json() == {"removed": ["a"], "widths": {"b": 3}, "skips": [["c", "d"]]}
    assert Edits.from_json(edits.to_json()) == edits


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"removed": [1], "widths": {}, "skips": []},
        {"removed": [], "widths": {"a": 0}, "skips": []},
        {"removed": [], "widths": {"a": True}, "skips": []},
        {"removed": [], "widths": {}, "skips": [["a"]]},
    ],
)
def test_what_is_no_edits_is_refused(value: object) -> None:
    with pytest.raises(EditError):
        Edits.from_json(value)
