"""Answers that are a file in memory, the same for every visitor."""

from starlette.requests import Request
from starlette.responses import Response

from app.json_answer import has_already
from app.page_files import PageFile


def file_answer(request: Request, file: PageFile, policy: str | None = None) -> Response:
    """Returns a file, packed for who takes it packed; 304 to one who has it already.

    Args:
        request: what is answered.
        file: what is sent; it is asked for again each time, and sent only where it has changed.
        policy: what a page may load, run and talk to; without one, nothing.
    """
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{file.tag}-gzip"' if zipped else f'"{file.tag}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if has_already(request, tag):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    content = file.zipped if zipped else file.content
    return Response(content, headers=headers, media_type=file.kind)
