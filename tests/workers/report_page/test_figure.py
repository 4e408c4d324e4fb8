from tests.workers.report_page.findings import Parsed
from workers.report_page.figure import figure, section
from workers.report_page.markup import tag


def test_a_chart_has_a_title_a_note_and_a_key() -> None:
    found = figure("A title", tag("svg"), {"teacher": "the teacher"}, "How to read it.", "wide")
    parsed = Parsed(found or "")
    assert parsed.elements[0] == ("figure", {"class": "wide"})
    assert {"A title", "How to read it.", "the teacher"} <= set(parsed.texts)
    assert [name for name, _ in parsed.elements].count("svg") == 2  # the chart and a key's shape
    assert parsed.of_class("teacher")


def test_without_a_chart_there_is_nothing() -> None:
    assert figure("A title", None, {}) is None
    parsed = Parsed(section("Title", "note", None, figure("B", tag("svg"), {})))
    assert [name for name, _ in parsed.elements].count("figure") == 1
    assert not any(name == "ul" for name, _ in parsed.elements)
