"""Words of the API's description as HTML; nothing in them is taken for tags."""

import json
import re
from html import escape

_CODE = re.compile(r"`([^`]+)`")


def prose(text: str) -> str:
    """Returns paragraphs, with what stands between backticks as code."""
    parts = (part.replace("\n", " ").strip() for part in text.split("\n\n"))
    return "".join(f"<p>{inline(part)}</p>" for part in parts if part)


def inline(text: str) -> str:
    """Returns a line, with what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def code(text: str) -> str:
    """Returns a name as code."""
    return f"<code>{escape(text)}</code>"


def example(value: object) -> str:
    """Returns a value as it comes over the wire, to be read."""
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return f'<pre tabindex="0">{escape(text)}</pre>'
