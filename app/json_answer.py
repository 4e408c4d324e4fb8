"""Answers in JSON, with an entity tag so that those who poll are told 304 while nothing changed."""

import hashlib

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response


def json_answer(
    body: BaseModel, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Returns the body as a response."""
    return Response(body.model_dump_json(), status, headers, media_type="application/json")


def tagged_answer(request: Request, body: BaseModel) -> Response:
    """Returns the body with its `ETag`, or 304 if the asker has it already (RFC 9110, 13.1.2).

    The tag is a weak one: it stands for the body packed and not packed.
    """
    content = body.model_dump_json().encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": f"W/{tag}", "Cache-Control": "no-cache"}
    if has_already(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def has_already(request: Request, tag: str) -> bool:
    """Returns whether the asker has what the entity tag (with its quotes) stands for."""
    asked = request.headers.get("if-none-match", "")
    known = {one.strip().removeprefix("W/") for one in asked.split(",")}
    return tag in known or "*" in known
