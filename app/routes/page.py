"""The page for people, at `/`: files that never differ from one visitor to another."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.file_answer import file_answer
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
    return file_answer(request, page_file(INDEX), _POLICY)


@router.get("/page/{name}")
def fetch_page_file(request: Request, name: str) -> Response:
    """Sends a file of the page; each is asked for again, and sent only where it has changed."""
    if name not in _NAMES:
        raise NotFound(f"the page has no file {name[:100]!r}")
    return file_answer(request, page_file(name), _POLICY)
