"""What the API's bodies hold, as HTML: a table of each schema's fields, and the types in words."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from app.docs_words import code, prose

Schema = Mapping[str, Any]

_REFERENCE = "#/components/schemas/"
_LIMITS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "minLength": "length from {}",
    "maxLength": "length to {}",
    "minItems": "length from {}",
    "maxItems": "length to {}",
}


def anchor(name: str) -> str:
    """Returns the id of a schema's place on the page."""
    return escape(f"schema-{name}")


def schemas(components: Mapping[str, Schema]) -> Iterator[str]:
    """Yields a section for each schema, by name."""
    for name, schema in sorted(components.items()):
        yield f'<article id="{anchor(name)}"><h3>{escape(name)}</h3>'
        yield prose(schema.get("description", ""))
        if "properties" in schema:
            yield fields(schema)
        else:
            yield f"<p>{kind(schema)}</p>"
        yield "</article>"


def fields(schema: Schema) -> str:
    """Returns the table of an object's fields."""
    needed = schema.get("required", ())
    rows = (
        row(name, part, "needed" if name in needed else _default(part))
        for name, part in schema["properties"].items()
    )
    return table("Field", rows)


def row(name: str, part: Schema, presence: str, description: str = "") -> str:
    """Returns the row of a field or a parameter."""
    words = description or part.get("description", "")
    return (
        f'<tr><th scope="row">{code(name)}</th><td>{kind(part)}</td><td>{escape(presence)}</td>'
        f"<td>{prose(words)}</td></tr>"
    )


def table(first: str, rows: Iterator[str]) -> str:
    """Returns a table of such rows, which can be scrolled with the keyboard too."""
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in (first, "Type", "Given", "What it is")
    )
    body = "".join(rows)
    inner = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scrolled" tabindex="0" role="group" aria-label="{first}s">{inner}</div>'


def kind(part: Schema) -> str:
    """Returns a type in words, with links to the schemas that it names."""
    if "$ref" in part:
        name = str(part["$ref"]).removeprefix(_REFERENCE)
        return f'<a href="#{anchor(name)}">{escape(name)}</a>'
    if "anyOf" in part:
        return " or ".join(kind(one) for one in part["anyOf"])
    if "enum" in part or "const" in part:
        values = part.get("enum", [part.get("const")])
        return " or ".join(code(str(value)) for value in values)
    if part.get("type") == "array":
        return f"list of {_items(part)}{_limits(part)}"
    words = part.get("format") or part.get("type") or "anything"
    return escape(str(words)) + _limits(part)


def _items(part: Schema) -> str:
    if "prefixItems" in part:
        return ", ".join(kind(one) for one in part["prefixItems"])
    return kind(part.get("items", {}))


def _limits(part: Schema) -> str:
    given = {name: str(part[name]).removesuffix(".0") for name in _LIMITS if name in part}
    told = [_LIMITS[name].format(value) for name, value in given.items()]
    return escape(f" ({', '.join(told)})") if told else ""


def _default(part: Schema) -> str:
    default = part.get("default")
    return "" if default is None or isinstance(default, dict) else f"else {default}"
