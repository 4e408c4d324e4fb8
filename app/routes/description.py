"""The API's description: for programs, and as a page for people. Both are open to all."""

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.docs_page import docs_page
from app.door import DESCRIPTION, DOCS
from app.file_answer import file_answer
from app.page_files import PageFile

router = APIRouter(include_in_schema=False)

_NOTHING_RUNS = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@router.get(DESCRIPTION)
async def show_description(request: Request) -> Response:
    """Sends the description in OpenAPI."""
    return file_answer(request, _made(request)[DESCRIPTION])


@router.get(DOCS)
async def show_docs(request: Request) -> Response:
    """Shows the description as a page."""
    return file_answer(request, _made(request)[DOCS], _NOTHING_RUNS)


def _made(request: Request) -> dict[str, PageFile]:
    """Returns both files, made when one is asked for first; no other request comes in between."""
    state = request.app.state
    if not hasattr(state, "description"):
        schema = request.app.openapi()
        content = json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode()
        state.description = {
            DESCRIPTION: PageFile.of(content, "application/json"),
            DOCS: PageFile.of(docs_page(schema).encode(), "text/html; charset=utf-8"),
        }
    made: dict[str, PageFile] = state.description
    return made
