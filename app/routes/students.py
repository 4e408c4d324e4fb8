"""Students' files."""

from collections.abc import Iterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Path
from starlette.responses import Response, StreamingResponse

from app.problems import NotFound
from app.routes.parameters import problems
from app.services import Used
from app.students import get_student

router = APIRouter(prefix="/v1/students", tags=["students"])

_CHUNK_BYTES = 2**18
StudentId = Annotated[str, Path(examples=["std_6Vb0hF2mUuQk1sYd9LxWcA"])]
FileName = Annotated[str, Path(examples=["student.pt2"])]


@router.get(
    "/{student_id}/files/{name}",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The file."},
        **problems(_404="There is no such student or file."),
    },
)
def fetch_file(services: Used, student_id: StudentId, name: FileName) -> Response:
    """Sends a file of a student."""
    with services.database.read() as session:
        student = get_student(session, student_id)
    file = next((file for file in student.files if file.name == name), None)
    if file is None:
        names = ", ".join(file.name for file in student.files)
        raise NotFound(f"{student_id} has no file {name!r}; it has {names}")
    kind = "application/json" if name.endswith(".json") else "application/octet-stream"
    headers = {
        "Content-Length": str(file.bytes),
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "ETag": f'"{file.sha256}"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(
        _chunks(services.artifacts.open(file.key)), headers=headers, media_type=kind
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
