import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.report_page.findings import Parsed
from workers.report_page.markup import Markup, join, number, tag

HOSTILE = '<script>alert("1")</script>\' onload=x &amp; "'


def test_a_strangers_text_stays_text() -> None:
    found = tag("p", HOSTILE, title=HOSTILE)
    assert "<script" not in found
    parsed = Parsed(found)
    assert parsed.elements == [("p", {"title": HOSTILE})]
    assert parsed.text == HOSTILE


@given(st.text(), st.text())
def test_no_text_makes_an_element_or_an_attribute(inside: str, attribute: str) -> None:
    parsed = Parsed(tag("p", inside, title=attribute))
    assert [name for name, _ in parsed.elements] == ["p"]
    assert list(parsed.elements[0][1]) == ["title"]
    assert parsed.open == []


def test_elements_hold_elements() -> None:
    found = tag("p", "a < b", tag("b", "c"), None, class_="x", stroke_width=2, id=None)
    assert found == '<p class="x" stroke-width="2">a &lt; b<b>c</b></p>'
    assert isinstance(found, Markup)
    assert tag("br") == "<br>"
    assert tag("path", d="M0 0") == '<path d="M0 0"></path>'
    assert join("<", tag("br"), None) == "&lt;<br>"


def test_what_can_t_be_printed_is_replaced() -> None:
    replaced = "\N{REPLACEMENT CHARACTER}"
    assert tag("b", "a\x00b\ud800c\N{RIGHT-TO-LEFT OVERRIDE}d\ne") == (
        f"<b>a{replaced}b{replaced}c{replaced}d\ne</b>"
    )
    tag("b", "\udfff").encode()


@pytest.mark.parametrize(
    ("value", "told"),
    [(1.0, "1"), (12.5, "12.5"), (0.126, "0.13"), (100, "100"), (-3.004, "-3"), (0, "0")],
)
def test_coordinates_are_short(value: float, told: str) -> None:
    assert number(value) == told
