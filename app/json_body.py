"""Reading a JSON body: its type, its size, and what it must hold."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.field_errors import field_errors
from app.problems import Invalid, TooLarge, WrongMediaType

Model = TypeVar("Model", bound=BaseModel)


async def read_json_body(request: Request, limit_bytes: int) -> bytes:
    """Returns the body, not parsed yet; more than `limit_bytes` of it is never held.

    Raises:
        WrongMediaType: the content type is not JSON.
        TooLarge: the body is over the limit.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaType("this route reads application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(f"a JSON body may have {limit_bytes} bytes")
    return bytes(body)


def parse(model: type[Model], body: bytes) -> Model:
    """Returns what the body holds; pydantic's own parser refuses broken UTF-8 and JSON with words.

    Raises:
        Invalid: it is not JSON, or not what the model wants; names the fields.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise Invalid(
            "the body is not what this route takes: see errors", field_errors(found)
        ) from error
