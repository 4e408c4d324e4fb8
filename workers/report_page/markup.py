"""HTML and SVG put together so that a stranger's text can never become an element or an attribute.

Text is escaped unless it is `Markup`, and nothing but `tag` makes `Markup`.
"""

from __future__ import annotations

from html import escape

_VOID = frozenset({"meta", "br"})  # of HTML: they have no end
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


class Markup(str):
    """HTML or SVG, escaped where it had to be."""

    __slots__ = ()


Child = str | None


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """Returns an element.

    Args:
        name: the element's.
        children: texts, which are escaped, and `Markup`; None is left out.
        attributes: those that are None are left out. An underscore in a name becomes a hyphen,
            one at its end is dropped (`class_`). Numbers are written with two decimals at most.
    """
    told = "".join(
        f' {_attribute(key)}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Returns texts, escaped, and `Markup` one after the other; None is left out."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else _escaped(child)
            for child in children
            if child is not None
        )
    )


def number(value: float) -> str:
    """Returns a coordinate with two decimals at most: `12.5`, `3`."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return _escaped(value) if isinstance(value, str) else number(value)


def _escaped(text: str) -> str:
    """Returns a text for an element or a quoted attribute; what can't be printed is replaced.

    Unprintable are also lone surrogates, which no file takes, and marks that turn the direction of
    writing.
    """
    printable = (
        letter if letter.isprintable() or letter == "\n" else _UNPRINTABLE for letter in text
    )
    return escape("".join(printable), quote=True)
