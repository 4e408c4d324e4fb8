"""Receiving an upload: multipart/form-data, streamed to a file without a name.

The file vanishes with the process, however it ends: nothing half-written stays.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.field_errors import pointer
from app.problems import FieldError, Invalid, TooLarge, WrongMediaType

_FIELD_BYTES = 1000  # of a text field


@dataclass
class Upload:
    """What came: the file, the name its sender gave it, and the text fields beside it."""

    file: BinaryIO
    filename: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


@contextmanager
def upload_to(folder: Path) -> Iterator[Upload]:
    """Yields an empty upload whose file lives on the folder's disk until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield Upload(file)


async def receive(request: Request, upload: Upload, limit_bytes: int, known: set[str]) -> None:
    """Reads the body into the upload; the file stands at its beginning then.

    Args:
        request: the request, whose body was not read yet.
        upload: where the body goes.
        limit_bytes: the largest body.
        known: names of the text fields that there may be; the file's field is `file`.

    Raises:
        WrongMediaType: the body is not multipart/form-data.
        TooLarge: it is over the limit.
        Invalid: it is broken, has an unknown field, or no file or two.
    """
    parser = _Parser(upload, _boundary(request), known)
    if int(request.headers.get("content-length", "0")) > limit_bytes:
        raise _too_large(limit_bytes)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit_bytes:
            raise _too_large(limit_bytes)
        await run_in_threadpool(parser.feed, chunk)
    parser.end()
    upload.file.seek(0)


class _Parser:
    """Drives python-multipart: the part named `file` goes to disk, the others to memory."""

    def __init__(self, upload: Upload, boundary: bytes, known: set[str]) -> None:
        self._upload = upload
        self._known = known
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._name, self._text = "", bytearray()
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._appender(lambda: self._header),
                    "on_header_value": self._appender(lambda: self._value),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _broken() from error

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _broken() from error

    def end(self) -> None:
        if not self._ended:
            raise _broken()
        if self._upload.filename is None:
            raise _invalid("file", "the archive is needed, as the form's field `file`")

    def _begin_part(self) -> None:
        self._disposition, self._text = b"", bytearray()

    def _appender(self, target: Callable[[], bytearray]) -> Callable[[bytes, int, int], None]:
        def append(data: bytes, start: int, end: int) -> None:
            target().extend(data[start:end])

        return append

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        if self._name == "file":
            if self._upload.filename is not None:
                raise _invalid("file", "one file is wanted, not two")
            self._upload.filename = options.get(b"filename", b"").decode(errors="replace")
        elif self._name not in self._known:
            wanted = ", ".join(sorted({"file", *self._known}))
            raise _invalid(self._name, f"there is no such field; there are {wanted}")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == "file":
            self._upload.file.write(memoryview(data)[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _FIELD_BYTES:
            raise _invalid(self._name, f"this field may have {_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if self._name != "file":
            self._upload.fields[self._name] = self._text.decode(errors="replace")

    def _end(self) -> None:
        self._ended = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise WrongMediaType("this route reads multipart/form-data with a boundary")
    return options[b"boundary"]


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"an upload may have {limit_bytes} bytes", [FieldError("#/file", "too large")])


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid(detail, [FieldError(pointer(name), detail)])


def _broken() -> Invalid:
    return Invalid("the body is no whole multipart/form-data")
