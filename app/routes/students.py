"""Students' files."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.json_answer import has_already
from app.problems import Gone, NotFound
from app.records import StoredStudentFile, StudentRecord
from app.routes.parameters import problems
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
StudentId = Annotated[str, Path(examples=["std_6Vb0hF2mUuQk1sYd9LxWcA"])]
FileName = Annotated[str, Path(examples=["student.pt2"])]


@router.get(
    "/{student_id}/files/{name}",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}, "application/json": {}, "text/html": {}},
            "description": "The file.",
        },
        304: {"description": "Not changed."},
        **problems(_404="There is no such student or file.", _410="The file is gone."),
    },
)
def fetch_file(request: Request, services: Used, student_id: StudentId, name: FileName) -> Response:
    """Sends a file of a student."""
    with services.database.read() as session:
        file = _file_of(get_student(session, student_id), name)
    tag = f'"{file.sha256}"'
    if has_already(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    try:
        content = services.artifacts.open(file.key)
    except FileNotFoundError as error:
        detail = f"{name} of {student_id} is not in the artifact store any more: {file.key}"
        raise Gone(detail) from error
    kind = _KINDS.get(PurePath(file.name).suffix, "application/octet-stream")
    headers = {"Content-Length": str(file.bytes), "ETag": tag, **_safety(file.name)}
    return StreamingResponse(_chunks(content), headers=headers, media_type=kind)


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


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
