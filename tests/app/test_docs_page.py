import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from app.docs_page import docs_page
from tests.app.described import examples_of

Json = Any
WITHOUT_END = {"meta", "link"}


@pytest.fixture(scope="module")
def html(schema: Json) -> str:
    return docs_page(schema)


class Tags(HTMLParser):
    """Follows which tags are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_tag_is_closed_and_every_link_leads_somewhere(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(tags.ids)


def test_all_of_the_description_is_shown(schema: Json, html: str) -> None:
    text = unescape(re.sub(r"<[^>]+>", "", html))
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in text
            assert operation["description"].partition("`")[0].split("\n")[0] in text
            names = [one["name"] for one in operation.get("parameters", ())]
            names += operation["responses"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for example in examples_of(content):
                    names += [name for name in example if isinstance(example, dict)]
            assert [name for name in names if name not in text] == []
    for name, part in schema["components"]["schemas"].items():
        assert [one for one in (name, *part.get("properties", ())) if one not in text] == []


def test_no_words_become_tags() -> None:
    evil = "<script>alert(1)</script>`<b>`\"'"
    operation = {
        "operationId": evil,
        "description": evil,
        "parameters": [{"name": evil, "in": evil, "schema": {"type": evil}, "example": evil}],
        "responses": {evil: {"description": evil, "content": {evil: {"example": {evil: evil}}}}},
    }
    fields = {evil: {"type": evil, "enum": [evil], "description": evil}}
    schema = {
        "info": {"description": evil},
        "paths": {evil: {evil: operation}},
        "components": {"schemas": {evil: {"properties": fields, "description": evil}}},
    }
    html = docs_page(schema)
    assert "<script" not in html
    assert "<b>`" not in html
    assert 'id="<' not in html
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
