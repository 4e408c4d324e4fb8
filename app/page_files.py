"""The page's files: those of `app/page`, and the charts' library out of the package that has it."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from app.catalog import DATASET_CLASSES, NETWORK_NAMES

INDEX = "index.html"
CHARTS = "plotly.min.js"
NAMES = "names.json"
_FOLDER = Path(__file__).with_name("page")
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class PageFile:
    """A file of the page, in memory.

    Attributes:
        content: as it is.
        zipped: the same, compressed by gzip.
        tag: changes with the content.
        kind: its media type.
    """

    content: bytes
    zipped: bytes
    tag: str
    kind: str

    @classmethod
    def of(cls, content: bytes, kind: str) -> "PageFile":
        """Returns the file of a content."""
        tag = hashlib.sha256(content).hexdigest()[:32]
        return cls(content, gzip.compress(content, mtime=0), tag, kind)


def page_names() -> frozenset[str]:
    """Returns the names of all files of the page."""
    own = {path.name for path in _FOLDER.iterdir() if path.suffix in _KINDS}
    return frozenset(own | {CHARTS, NAMES})


@cache
def page_file(name: str) -> PageFile:
    """Returns a file, read and compressed once.

    Args:
        name: one of `page_names()`; it is not checked here.
    """
    return PageFile.of(_content(name), _KINDS[Path(name).suffix])


def _content(name: str) -> bytes:
    if name == NAMES:
        return json.dumps({"networks": NETWORK_NAMES, "datasets": DATASET_CLASSES}).encode()
    return (_charts() if name == CHARTS else _FOLDER / name).read_bytes()


def _charts() -> Path:
    """Returns where plotly's wheel has its JavaScript; nothing of plotly is imported for it."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / CHARTS
