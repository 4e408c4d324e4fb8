"""A job's request as the body of a route."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from app.json_body import read_json_body
from app.services import Used

JOB_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobRequest"}}},
    }
}


async def _json_body(request: Request, services: Used) -> bytes:
    return await read_json_body(request, services.settings.max_json_bytes)


JsonBody = Annotated[bytes, Depends(_json_body)]
