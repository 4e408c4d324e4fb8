"""The API's description as a page for people: HTML without a script, made of `/openapi.json`.

So it needs no viewer from elsewhere, and nothing on it can run beside a visitor's key.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from app.docs_fields import row, schemas, table
from app.docs_words import code, example, inline, prose

Json = Mapping[str, Any]

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The API of Stillhouse</title>
<link rel="icon" href="page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page/page.css">
<link rel="stylesheet" href="page/docs.css">
</head>
<body>
<a class="jump" href="#main">Skip to the content</a>
<header><a class="brand" href="./">Stillhouse</a></header>
<main id="main">
<h1>The API</h1>
"""
_FOOT = "</main>\n</body>\n</html>\n"


def docs_page(schema: Json) -> str:
    """Returns the page of an OpenAPI description."""
    return "".join(_parts(schema))


def _parts(schema: Json) -> Iterator[str]:
    yield _HEAD
    yield prose(schema["info"]["description"])
    yield '<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
    found = list(_operations(schema))
    yield '<nav class="routes" aria-label="Routes"><ul>'
    for method, path, operation in found:
        link = f'<a href="#{escape(operation["operationId"])}">{_route(method, path)}</a>'
        yield f"<li>{link} <small>{inline(_first_line(operation))}</small></li>"
    yield "</ul></nav><h2>Routes</h2>"
    for one in found:
        yield from _operation(*one)
    yield "<h2>What the bodies hold</h2>"
    yield from schemas(schema["components"]["schemas"])
    yield _FOOT


def _operations(schema: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f'<article id="{escape(operation["operationId"])}"><h3>{_route(method, path)}</h3>'
    yield prose(operation.get("description", ""))
    parameters = operation.get("parameters", ())
    if parameters:
        yield table("Parameter", (_parameter(one) for one in parameters))
    if "requestBody" in operation:
        yield _contents("The body", operation["requestBody"]["content"])
    for status, answer in operation["responses"].items():
        words = f"{status}: {answer['description']}"
        yield _contents(words, answer.get("content", {}))
    yield "</article>"


def _parameter(one: Json) -> str:
    presence = f"in the {one['in']}" + (", needed" if one.get("required") else "")
    values = [*one["schema"].get("examples", ()), *_values(one)]
    words = one.get("description", "") + "".join(f" Such as `{value}`." for value in values)
    return row(one["name"], one["schema"], presence, words)


def _contents(words: str, contents: Json) -> str:
    """Returns what a body or an answer may be, its examples folded away; without any, the words."""
    if not contents:
        return f"<p>{inline(words)}</p>"
    shown = [f"<details><summary>{inline(words)}</summary>"]
    for media_type, content in contents.items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        link = f' <a href="#schema-{escape(name)}">{escape(name)}</a>' if name else ""
        shown.append(f"<p>{code(media_type)}{link}</p>")
        for title, one in content.get("examples", {}).items():
            shown.append(f"<p>{inline(title)}:</p>{example(one['value'])}")
        if "example" in content:
            shown.append(example(content["example"]))
    return "".join([*shown, "</details>"])


def _values(one: Json) -> list[object]:
    own = [one["example"]] if "example" in one else []
    return own + [named["value"] for named in one.get("examples", {}).values()]


def _route(method: str, path: str) -> str:
    return f"<b>{escape(method)}</b> {code(path)}"


def _first_line(operation: Json) -> str:
    return str(operation.get("description", "")).partition("\n")[0]
