from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse.request import BadRequestFile, parse_assignments, read_request, with_fields


def test_flags_win_over_the_file_and_leave_it_alone() -> None:
    request = {"name": "a", "search": {"seed": 1, "kernels": 8}}
    changed = with_fields(
        request,
        {"name": None, "search.seed": 2, "training.final_epochs": 3, "search.kernels": None},
    )
    assert changed == {
        "name": "a",
        "search": {"seed": 2, "kernels": 8},
        "training": {"final_epochs": 3},
    }
    assert request["search"] == {"seed": 1, "kernels": 8}


def test_assignments_are_json_or_text() -> None:
    texts = ["search.kernels=4", "search.strategy=random", 'search.embedding={"from": "emb_1"}']
    assert parse_assignments(texts) == {
        "search.kernels": 4,
        "search.strategy": "random",
        "search.embedding": {"from": "emb_1"},
    }


@pytest.mark.parametrize("text", ["search.kernels", "=4"])
def test_an_assignment_without_its_parts_is_told(text: str) -> None:
    with pytest.raises(BadRequestFile, match="FIELD=VALUE"):
        parse_assignments([text])


def test_a_field_of_no_object_is_told() -> None:
    with pytest.raises(BadRequestFile, match=r"name\.first can't be set"):
        with_fields({"name": "a"}, {"name.first": "b"})


@pytest.mark.parametrize(
    ("text", "reason"), [("{", "is not JSON"), ("[1]", "holds a JSON list"), (None, "can't read")]
)
def test_a_file_that_is_no_request_is_told(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "request.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadRequestFile, match=reason):
        read_request(path)
