"""Receiving an upload: multipart/form-data, its files streamed to disk without names.

They vanish with the process, however it ends: nothing half-written stays.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
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


@dataclass(frozen=True)
class UploadedFile:
    """A file that came, and the name its sender gave it."""

    file: BinaryIO
    filename: str


@dataclass
class Upload:
    """What came, by the fields' names: the files, and the texts beside them.

    Attributes:
        new_file: opens a place for a file.
        bytes: how many came, the form's own included.
    """

    new_file: Callable[[], BinaryIO]
    files: dict[str, UploadedFile] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    bytes: int = 0


@dataclass(frozen=True)
class Form:
    """Which fields a form may have: those that hold files, and those that hold short texts."""

    files: frozenset[str]
    texts: frozenset[str]


@contextmanager
def upload_to(folder: Path) -> Iterator[Upload]:
    """Yields an empty upload whose files live on the folder's disk until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:

        def new_file() -> BinaryIO:
            return files.enter_context(tempfile.TemporaryFile(dir=folder))

        yield Upload(new_file)


async def receive(
    request: Request,
    upload: Upload,
    limit_bytes: int,
    form: Form,
    expect_room: Callable[[], None],
) -> None:
    """Reads the body into the upload; its files stand at their beginning then.

    Args:
        request: whose body it is.
        upload: an empty one.
        limit_bytes: most that may come.
        form: which fields there may be.
        expect_room: is called before each part that is written; raises if there is no room.

    Raises:
        WrongMediaType: the body is not multipart/form-data.
        TooLarge: it is over the limit.
        Invalid: it is broken, or has a field that is unknown or comes twice.
    """
    parser = _Parser(upload, _boundary(request), form)
    if int(request.headers.get("content-length", "0")) > limit_bytes:
        raise _too_large(limit_bytes, upload.files or form.files)

    def take(chunk: bytes) -> None:
        expect_room()
        parser.feed(chunk)

    async for chunk in request.stream():
        upload.bytes += len(chunk)
        if upload.bytes > limit_bytes:
            raise _too_large(limit_bytes, upload.files or form.files)
        await run_in_threadpool(take, chunk)
    parser.end()
    for received_file in upload.files.values():
        received_file.file.seek(0)


class _Parser:
    """Drives python-multipart: the files go to disk, the other parts to memory."""

    def __init__(self, upload: Upload, boundary: bytes, form: Form) -> None:
        self._upload = upload
        self._form = form
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._name, self._text = "", bytearray()
        self._file: BinaryIO | None = None
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

    def _begin_part(self) -> None:
        self._disposition, self._text, self._file = b"", bytearray(), None

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
        if self._name not in self._form.files | self._form.texts:
            wanted = ", ".join(sorted(self._form.files | self._form.texts))
            raise _invalid(self._name, f"there is no such field; there are {wanted}")
        if self._name in self._upload.files or self._name in self._upload.fields:
            raise _invalid(self._name, "this field is wanted once, not twice")
        if self._name in self._form.files:
            self._file = self._upload.new_file()
            filename = options.get(b"filename", b"").decode(errors="replace")
            self._upload.files[self._name] = UploadedFile(self._file, filename)

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _FIELD_BYTES:
            raise _invalid(self._name, f"this field may have {_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if self._file is None:
            self._upload.fields[self._name] = self._text.decode(errors="replace")

    def _end(self) -> None:
        self._ended = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise WrongMediaType("this route reads multipart/form-data with a boundary")
    return options[b"boundary"]


def _too_large(limit_bytes: int, names: Iterable[str]) -> TooLarge:
    errors = [FieldError(pointer(name), "too large") for name in sorted(names)]
    return TooLarge(f"this upload may have {limit_bytes} bytes in all", errors)


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid(detail, [FieldError(pointer(name), detail)])


def _broken() -> Invalid:
    return Invalid("the body is no whole multipart/form-data")
