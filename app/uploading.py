"""Taking uploads in: no more at once than the machine can take, and none that the disk can't."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.idempotency import Sender, fingerprint_of, was_answered
from app.quotas import expect_quota
from app.services import Services
from app.upload import Upload, upload_to
from app.visitor import Visitor

_CHUNK_BYTES = 2**20


@asynccontextmanager
async def admitted_upload(
    services: Services, request: Request, sender: Sender | None = None
) -> AsyncIterator[Upload]:
    """Yields an empty upload, which counts among those at once until the end of the block.

    One that is sent again after it was answered need find room to come in alone.

    Raises:
        TooMany: others, or as many of this key as may, are under way; the body was not read.
        StorageFull: there is no room for as much as the request announces, or not for this key.
    """
    visitor: Visitor = request.state.visitor
    with services.uploading.take(visitor.key_id):
        announced = int(request.headers.get("content-length", "0"))
        await run_in_threadpool(_expect_room, services, announced, sender)
        with upload_to(services.uploads) as upload:
            yield upload


def _expect_room(services: Services, announced: int, sender: Sender | None) -> None:
    services.storage.expect_room_to_receive(announced)
    if sender is None or not was_answered(services.database, sender):
        expect_room_to_store(services, announced)


def expect_room_to_store(services: Services, upload_bytes: int) -> None:
    """Checks that an upload may stay: what is announced of it, and once more what came.

    Raises:
        StorageFull: there is no room for it, or not for this key.
    """
    services.storage.expect_room_to_store(upload_bytes)
    with services.database.read() as session:
        expect_quota(session, upload_bytes, services.settings.max_uploaded_bytes_per_key)


def fingerprint_of_upload(path: str, upload: Upload) -> str:
    """Returns the fingerprint of an upload: of what it holds, and not of how it is parted."""
    files = {}
    for name, sent in upload.files.items():
        digest = sha256()
        while chunk := sent.file.read(_CHUNK_BYTES):
            digest.update(chunk)
        files[name] = [sent.filename, digest.hexdigest()]
        sent.file.seek(0)
    return fingerprint_of(path, [files, upload.fields])
