"""Students' files."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Annotated, Any, BinaryIO

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.artifacts import Artifacts
from app.byte_range import NoSuchPart, Part, part_of
from app.json_answer import has_already
from app.problem_examples import Told, problems
from app.problems import Gone, NotFound
from app.records import StoredStudentFile, StudentRecord
from app.search_examples import ARCHITECTURE
from app.services import Used
from app.students import get_student

router = APIRouter(prefix="/v1/students", tags=["students"])

_CHUNK_BYTES = 2**18
_KINDS = {".json": "application/json", ".html": "text/html; charset=utf-8"}
# A page is read in the browser, where names in it are a stranger's: it is kept from running, from
# loading and from knowing anything, as if another site had sent it.
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
_ANY_FILE: dict[str, Any] = {
    "application/octet-stream": {"example": "(what student.pt2 holds)"},
    "application/json": {"example": ARCHITECTURE},
    "text/html": {"example": "<!doctype html>…"},
}
_ID = "std_6Vb0hF2mUuQk1sYd9LxWcA"
StudentId = Annotated[str, Path(description="The student's id.", examples=[_ID])]
FileName = Annotated[str, Path(description="The file's name.", examples=["student.pt2"])]
_PROBLEMS: Told = {
    "There is no such student.": NotFound(f"there is no student '{_ID}'"),
    "It has no such file.": NotFound(f"{_ID} has no file 'student.pt3'; it has student.pt2"),
    "The file is gone.": Gone(f"student.pt2 of {_ID} is not in the artifact store any more"),
    "The file has no such part; `Content-Range` has its size.": NoSuchPart(161_032),
}


@router.get(
    "/{student_id}/files/{name}",
    response_class=Response,
    responses={
        200: {
            "content": _ANY_FILE,
            "description": "The file.",
        },
        206: {"content": _ANY_FILE, "description": "The part of the file that `Range` asks for."},
        304: {"description": "Not changed."},
        **problems(_PROBLEMS),
    },
)
async def fetch_file(
    request: Request, services: Used, student_id: StudentId, name: FileName
) -> Response:
    """Sends a file of a student, or with `Range` a part of it, for a download that broke off."""
    student = await services.database.look(lambda session: get_student(session, student_id))
    file = _file_of(student, name)
    tag = f'"{file.sha256}"'
    if has_already(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    if_range = request.headers.get("if-range", tag)
    part = part_of(request.headers.get("range"), file.bytes) if if_range == tag else None
    try:
        return await run_sync(_answer, services.artifacts, file, part)
    except FileNotFoundError as error:
        detail = f"{name} of {student_id} is not in the artifact store any more: {file.key}"
        raise Gone(detail) from error


def _answer(artifacts: Artifacts, file: StoredStudentFile, part: Part | None) -> Response:
    """Returns the answer with a file, or a part of it; a small one is read at once."""
    kind = _KINDS.get(PurePath(file.name).suffix, "application/octet-stream")
    sent = part or Part(0, file.bytes - 1)
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{file.sha256}"', **_safety(file.name)}
    headers["Content-Length"] = str(sent.bytes)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{file.bytes}"
    status = 200 if part is None else 206
    content = artifacts.open(file.key)
    if sent.bytes > _CHUNK_BYTES:
        return _FileStream(content, sent, status, headers, kind)
    with content:
        return Response(b"".join(_chunks(content, sent)), status, headers, kind)


class _FileStream(StreamingResponse):
    """Sends a part of an open file, and closes it also when who asked for it has left."""

    def __init__(
        self, file: BinaryIO, part: Part, status: int, headers: dict[str, str], kind: str
    ) -> None:
        super().__init__(_chunks(file, part), status, headers, kind)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _safety(name: str) -> dict[str, str]:
    """Returns the headers by which a browser treats a file as what it is, and no more."""
    if name.endswith(".html"):
        return {
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": _PAGE_POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }


def _file_of(student: StudentRecord, name: str) -> StoredStudentFile:
    file = next((file for file in student.files if file.name == name), None)
    if file is None:
        names = ", ".join(file.name for file in student.files)
        raise NotFound(f"{student.id} has no file {name!r}; it has {names}")
    return file


def _chunks(file: BinaryIO, part: Part) -> Iterator[bytes]:
    file.seek(part.first)
    left = part.bytes
    while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk
