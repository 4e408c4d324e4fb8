"""Uploaded datasets."""

from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.bodies import PageBody
from app.database import Also
from app.dataset_body import DatasetBody
from app.dataset_intake import take_dataset
from app.datasets import get_dataset, list_datasets
from app.deletion import delete_dataset
from app.idempotency import answer_once
from app.json_answer import json_answer
from app.problem_examples import (
    FORM_BODY,
    JOB,
    LISTED,
    NO_ROOM,
    RESENT,
    Told,
    invalid,
    problems,
)
from app.problems import Conflict, FieldError, Gone, NotFound, TooLarge
from app.records import DatasetRecord
from app.routes.parameters import Cursor, Limit, Once
from app.services import Used
from app.unchanging import unchanging
from app.upload import Form, receive
from app.uploading import admitted_upload, expect_room_to_store, fingerprint_of_upload

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

_ID = "dst_0aB1cD2eF3gH4iJ5kL6mN7"
DatasetId = Annotated[str, Path(description="The dataset's id.", examples=[_ID])]
_NO_DATASET: Told = {"There is no such dataset.": NotFound(f"there is no dataset '{_ID}'")}
_USED: Told = {
    "An unfinished job or estimate uses it.": Conflict(
        f"{_ID} is used by {JOB}: cancel that, or wait for its end"
    )
}
_NO_SAMPLES: Told = {
    "None of its images were kept.": NotFound(f"no images of {_ID} were kept to show"),
    "The picture is gone.": Gone(f"it is not in the artifact store any more: datasets/{_ID}.png"),
}
_NO_IMAGES = "the array `images` is missing"
_UPLOAD: Told = {
    "The upload is too large.": TooLarge(
        "this upload may have 2147483648 bytes in all", [FieldError("#/file", "too large")]
    ),
    "It is no dataset: `errors` names the array or the image.": invalid(
        "#/file/images", _NO_IMAGES, f"`images` of the upload is no dataset: {_NO_IMAGES}"
    ),
}
_FORM = Form(files=frozenset({"file"}), texts=frozenset({"name"}))
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "An .npz with `images` (uint8, N x H x W or N x H x W x"
                            " C), `labels` (integers) and, if you have them, `test_images`,"
                            " `test_labels` and `classes` (strings). Or a zip of image files:"
                            " `train/CLASS/FILE` and, if you have them, `test/CLASS/FILE`; or"
                            " `CLASS/FILE` alone.",
                        },
                        "name": {"type": "string", "maxLength": 200},
                    },
                },
                "examples": {
                    "arrays": {"value": {"file": "(what digits.npz holds)", "name": "digits"}},
                    "image files": {"value": {"file": "(what shoes.zip holds)"}},
                },
            }
        },
    }
}


@router.post(
    "",
    status_code=201,
    responses={
        201: {"model": DatasetBody, "description": "The dataset, checked, at `Location`."},
        **problems(_UPLOAD, FORM_BODY, RESENT, NO_ROOM),
    },
    openapi_extra=_BODY,
)
async def upload_dataset(request: Request, services: Used, sender: Once) -> Response:
    """Uploads a dataset. It is checked before it is taken; nothing in it is ever unpickled."""
    settings, database, artifacts = services.settings, services.database, services.artifacts
    async with admitted_upload(services, request, sender) as upload:
        expect_room = services.storage.expect_room_to_receive
        await receive(request, upload, settings.max_upload_bytes, _FORM, expect_room)

        def take(also: Also[DatasetRecord]) -> DatasetRecord:
            expect_room_to_store(services, upload.bytes)
            return take_dataset(database, artifacts, upload, settings.max_unpacked_bytes, also)

        same = partial(fingerprint_of_upload, "datasets", upload)
        answer = partial(answer_once, database, sender, same, take, _created)
        return await run_sync(answer, limiter=services.checks)


@router.get("", responses={200: {"model": PageBody[DatasetBody]}, **problems(LISTED)})
def list_the_datasets(services: Used, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Lists the uploaded datasets, newest first."""
    with services.database.read() as session:
        page = list_datasets(session, limit, cursor)
    return json_answer(PageBody.of(page.map(DatasetBody.of)))


@router.get(
    "/{dataset_id}",
    responses={200: {"model": DatasetBody}, **problems(_NO_DATASET)},
)
def show_dataset(services: Used, dataset_id: DatasetId) -> Response:
    """Shows an uploaded dataset."""
    with services.database.read() as session:
        return json_answer(DatasetBody.of(get_dataset(session, dataset_id)))


@router.get(
    "/{dataset_id}/samples",
    response_class=Response,
    responses={
        200: {
            "content": {"image/png": {"example": "(a picture)"}},
            "description": "Some of its images in a row, as a PNG.",
        },
        304: {"description": "Not changed."},
        **problems(_NO_DATASET, _NO_SAMPLES),
    },
)
async def show_samples(request: Request, services: Used, dataset_id: DatasetId) -> Response:
    """Shows some images of an uploaded dataset: up to twelve, as many of each class."""
    dataset = await services.database.look(lambda session: get_dataset(session, dataset_id))
    key = dataset.samples_key
    if key is None:
        raise NotFound(f"no images of {dataset_id} were kept to show")
    return await unchanging(request, services.artifacts, dataset_id, key, "image/png")


@router.delete(
    "/{dataset_id}",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "It is deleted."},
        **problems(_NO_DATASET, _USED),
    },
)
def remove_dataset(services: Used, dataset_id: DatasetId) -> Response:
    """Deletes an uploaded dataset and its files."""
    delete_dataset(services.database, services.artifacts, dataset_id)
    return Response(status_code=204)


def _created(dataset: DatasetRecord) -> Response:
    return json_answer(DatasetBody.of(dataset), 201, {"Location": f"/v1/datasets/{dataset.id}"})
