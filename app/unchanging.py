"""Answers that are an artifact as it is, which never changes."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from app.artifacts import Artifacts
from app.json_answer import has_already
from app.problems import Gone


async def unchanging(
    request: Request, artifacts: Artifacts, tag: str, key: str, kind: str
) -> Response:
    """Returns the artifact under a key, of a media type; 304 to one who has it already.

    Args:
        request: what is answered.
        artifacts: where it is.
        tag: names it, in its `ETag`.
        key: of the artifact.
        kind: its media type.

    Raises:
        Gone: it is not there any more.
    """
    headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
    if has_already(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    try:
        content = await run_sync(artifacts.read_bytes, key)
    except FileNotFoundError as error:
        raise Gone(f"it is not in the artifact store any more: {key}") from error
    return Response(content, headers=headers, media_type=kind)
