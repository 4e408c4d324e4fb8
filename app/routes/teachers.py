"""Uploaded teachers."""

from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.bodies import PageBody
from app.database import Also
from app.deletion import delete_teacher
from app.errand_records import UploadedTeacher
from app.idempotency import answer_once
from app.json_answer import json_answer
from app.polling import polled_answer
from app.problem_examples import (
    FORM_BODY,
    JOB,
    LISTED,
    NO_ROOM,
    RESENT,
    WAITED,
    Told,
    invalid,
    problems,
)
from app.problems import Conflict, FieldError, NotFound, TooLarge
from app.routes.parameters import Cursor, Limit, Once, Wait
from app.services import Used
from app.teacher_bodies import ListedTeacherBody, UploadedTeacherBody
from app.teacher_form import FORM
from app.teacher_intake import take_teacher
from app.teachers import get_teacher, list_teachers
from app.upload import receive
from app.uploading import admitted_upload, expect_room_to_store, fingerprint_of_upload

router = APIRouter(prefix="/v1/teachers", tags=["teachers"])

_ID = "tch_5kL6mN70aB1cD2eF3gH4iJ"
TeacherId = Annotated[str, Path(description="The teacher's id.", examples=[_ID])]
_NO_TEACHER: Told = {"There is no such teacher.": NotFound(f"there is no teacher '{_ID}'")}
_USED: Told = {
    "It is being checked.": Conflict(f"{_ID} is being checked: wait for the check's end"),
    "An unfinished job or estimate uses it.": Conflict(
        f"{_ID} is used by {JOB}: cancel that, or wait for its end"
    ),
}
_TOGETHER = (
    "a teacher is `network` and `weights` (safetensors), or `onnx` alone, or `architecture` (JSON)"
    " and `weights`; this form has `weights`"
)
_UPLOAD: Told = {
    "The upload is too large.": TooLarge(
        "this upload may have 2147483648 bytes in all",
        [FieldError(f"#/{name}", "too large") for name in sorted(FORM.files)],
    ),
    "The fields don't go together.": invalid("#/weights", _TOGETHER),
    "A field is wrong.": invalid(
        "#/preprocessing/mean", "this field is needed", "`preprocessing` is not what it should be"
    ),
}


def _file(description: str) -> dict[str, str]:
    return {"type": "string", "format": "binary", "description": description}


def _text(description: str) -> dict[str, str]:
    return {"type": "string", "description": description}


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "network": _text("A network's name; its `weights` go with it."),
                        "weights": _file("safetensors."),
                        "onnx": _file("An ONNX model with its weights inside; nothing else."),
                        "architecture": _file("`architecture.json`; its `weights` go with it."),
                        "name": {"type": "string", "maxLength": 200},
                        "input_shape": _text(
                            "Channels, height and width that a named network gets, as JSON:"
                            " `[3, 224, 224]`."
                        ),
                        "preprocessing": _text(
                            'What the teacher was trained with, as JSON: `{"scale": 255,'
                            ' "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}`;'
                            " without it, the dataset's own mean and deviation."
                        ),
                    },
                },
                "examples": {
                    "ONNX": {"value": {"onnx": "(what mine.onnx holds)", "name": "mine"}},
                    "a named network": {
                        "value": {
                            "network": "zoo/resnet20",
                            "weights": "(what mine.safetensors holds)",
                            "input_shape": "[3, 32, 32]",
                        }
                    },
                    "any architecture": {
                        "value": {
                            "architecture": "(what architecture.json holds)",
                            "weights": "(what student.safetensors holds)",
                        }
                    },
                },
            }
        },
    }
}


@router.post(
    "",
    status_code=201,
    responses={
        201: {
            "model": UploadedTeacherBody,
            "description": "The teacher is being checked: look at `Location` how that ends.",
        },
        **problems(_UPLOAD, FORM_BODY, RESENT, NO_ROOM),
    },
    openapi_extra=_BODY,
)
async def upload_teacher(request: Request, services: Used, sender: Once) -> Response:
    """Uploads a teacher with its weights. It is `checking`, then `ready` or `rejected`."""
    database, limit_bytes = services.database, services.settings.max_teacher_bytes
    async with admitted_upload(services, request, sender) as upload:
        expect_room = services.storage.expect_room_to_receive
        await receive(request, upload, limit_bytes, FORM, expect_room)

        def take(also: Also[UploadedTeacher]) -> UploadedTeacher:
            expect_room_to_store(services, upload.bytes)
            return take_teacher(database, services.artifacts, upload, also)

        same = partial(fingerprint_of_upload, "teachers", upload)
        return await run_sync(partial(answer_once, database, sender, same, take, _created))


@router.get(
    "",
    responses={200: {"model": PageBody[ListedTeacherBody]}, **problems(LISTED)},
)
def list_the_teachers(services: Used, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Lists the uploaded teachers, newest first; which layers are frozen, each one's own tells."""
    with services.database.read() as session:
        page = list_teachers(session, limit, cursor)
    return json_answer(PageBody.of(page.map(ListedTeacherBody.of)))


@router.get(
    "/{teacher_id}",
    responses={
        200: {"model": UploadedTeacherBody},
        304: {"description": "Not changed."},
        **problems(_NO_TEACHER, WAITED),
    },
)
async def show_teacher(
    request: Request, services: Used, teacher_id: TeacherId, wait: Wait = 0
) -> Response:
    """Shows an uploaded teacher and what its check found.

    Poll with `If-None-Match`, and `wait` to be answered as soon as something is new.
    """

    async def read() -> UploadedTeacherBody:
        return await services.database.look(
            lambda session: UploadedTeacherBody.of(get_teacher(session, teacher_id))
        )

    return await polled_answer(request, services.watch, teacher_id, wait, read)


@router.delete(
    "/{teacher_id}",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "It is deleted."},
        **problems(_NO_TEACHER, _USED),
    },
)
def remove_teacher(services: Used, teacher_id: TeacherId) -> Response:
    """Deletes an uploaded teacher and its files; the students of ended jobs stay."""
    delete_teacher(services.database, services.artifacts, teacher_id)
    return Response(status_code=204)


def _created(teacher: UploadedTeacher) -> Response:
    location = {"Location": f"/v1/teachers/{teacher.id}"}
    return json_answer(UploadedTeacherBody.of(teacher), 201, location)
