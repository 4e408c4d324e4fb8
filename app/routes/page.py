"""The page for people, at `/`: files that never differ from one visitor to another."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.json_answer import has_already
from app.page_files import INDEX, page_file, page_names
from app.problems import NotFound

router = APIRouter(include_in_schema=False)

# What the page may load, run and talk to: files of this server alone, and nothing that stands
# within the page. `blob:` and `data:` are pictures that it makes of a visitor's own files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NAMES = page_names()


@router.get("/")
def show_page(request: Request) -> Response:
    """Shows the page."""
    return _answer(request, INDEX)


@router.get("/page/{name}")
def fetch_page_file(request: Request, name: str) -> Response:
    """Sends a file of the page; each is asked for again, and sent only where it has changed."""
    if name not in _NAMES:
        raise NotFound(f"the page has no file {name[:100]!r}")
    return _answer(request, name)


def _answer(request: Request, name: str) -> Response:
    file = page_file(name)
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{file.tag}-gzip"' if zipped else f'"{file.tag}"'
    headers = {
        "Content-Security-Policy": _POLICY,
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
    }
    if has_already(request, tag):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    content = file.zipped if zipped else file.content
    return Response(content, headers=headers, media_type=file.kind)
