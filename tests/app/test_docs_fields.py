from typing import Any

import pytest

from app.docs_fields import anchor, fields, kind


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "integer", "minimum": 1.0, "maximum": 500}, "integer (from 1, to 500)"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"enum": ["a", "b"]}, "<code>a</code> or <code>b</code>"),
        ({"const": "a"}, "<code>a</code>"),
        (
            {"type": "array", "items": {"type": "number"}, "minItems": 2},
            "list of number (length from 2)",
        ),
        ({"type": "array", "prefixItems": [{"type": "number"}] * 2}, "list of number, number"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        ({}, "anything"),
    ],
)
def test_a_type_is_told_in_words(part: dict[str, Any], words: str) -> None:
    assert kind(part) == words


def test_a_type_that_is_a_schema_leads_there() -> None:
    link = kind({"$ref": "#/components/schemas/JobBody"})
    assert link == f'<a href="#{anchor("JobBody")}">JobBody</a>'


def test_a_field_is_needed_or_has_a_default() -> None:
    table = fields(
        {
            "required": ["a"],
            "properties": {"a": {"type": "string"}, "b": {"type": "integer", "default": 7}},
        }
    )
    first, second = table.split("<tbody>")[1].split("</tr>")[:2]
    assert "<td>needed</td>" in first
    assert "<td>else 7</td>" in second
