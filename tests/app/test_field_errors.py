import pytest
from pydantic import ValidationError

from app.field_errors import field_errors, pointer
from app.requests import ObjectiveRequest


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), "#"),
        (("search", "seed"), "#/search/seed"),
        (("a/b", "~", 3), "#/a~1b/~0/3"),
        (("ü \ud800",), "#/%C3%BC%20%3F"),
    ],
)
def test_pointers_are_escaped(parts: tuple[str | int, ...], expected: str) -> None:
    assert pointer(*parts) == expected


def test_a_long_name_is_cut() -> None:
    assert len(pointer("x" * 5000)) < 250


def test_only_the_first_errors_are_told() -> None:
    many = [{"type": "missing", "msg": "?", "loc": ("body", str(n))} for n in range(1000)]
    found = field_errors(many, skip=1)
    assert len(found) == 20
    assert found[3].pointer == "#/3"
    assert found[3].detail == "this field is needed"


@pytest.mark.parametrize(
    ("costs", "detail"),
    [
        ([], "expected 1 or more, got 0"),
        (["params", "macs", "bytes"], "expected 2 at most, got 3"),
        ("params", "expected a list"),
    ],
)
def test_a_list_of_another_length_is_told_in_our_words(costs: object, detail: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ObjectiveRequest.model_validate({"kind": "pareto", "costs": costs})
    (found,) = field_errors(raised.value.errors())
    assert (found.pointer, found.detail) == ("#/costs", detail)


def test_a_list_with_a_wrong_item_is_not_called_too_short() -> None:
    with pytest.raises(ValidationError) as raised:
        ObjectiveRequest.model_validate({"kind": "pareto", "costs": ["latency"]})
    (found,) = field_errors(raised.value.errors())
    assert found.pointer == "#/costs/0"
    assert "'params', 'macs' or 'bytes'" in found.detail
