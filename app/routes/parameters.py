"""Parameters that several routes take, and answers that all may give."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from app.field_errors import pointer
from app.idempotency import HEADER, Sender
from app.polling import LONGEST_S
from app.problems import FieldError, Invalid

_MOST_TOLD = 20  # of the parameters that are unknown

Limit = Annotated[int, Query(ge=1, le=500, description="Items on a page.", examples=[50])]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before.", examples=["WzQwXQ"])
]
First = Annotated[
    int,
    Query(ge=0, le=2**63 - 1, description="Only trials of this number and above.", examples=[18]),
]
Wait = Annotated[
    int,
    Query(
        ge=0,
        le=LONGEST_S,
        description="Seconds for which the answer is held while the `ETag` of `If-None-Match` still"
        " stands; then it is 304.",
        examples=[30],
    ),
]
JobId = Annotated[str, Path(description="The job's id.", examples=["job_3qT7ZcWm8yPp5RkXj1NaVd"])]


async def known_alone(request: Request) -> None:
    """Refuses a query with a parameter that the route doesn't have, such as a misspelt one.

    Raises:
        Invalid: there is one; names each.
    """
    dependant: Dependant = request.scope["route"].dependant
    known = sorted(field.alias for field in dependant.query_params)
    unknown = sorted(set(request.query_params) - set(known))[:_MOST_TOLD]
    if unknown:
        detail = f"there is no such parameter; there are: {', '.join(known) or 'none'}"
        raise Invalid(
            "the query has what this route doesn't take: see errors",
            [FieldError(pointer(name), detail) for name in unknown],
        )


async def _sender(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            min_length=1,
            max_length=255,
            pattern="^[ -~]+$",
            description="Any text of your own, a new one for each request, by which a request that"
            " is sent again is carried out once: it gets the first answer again, for a day.",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> Sender | None:
    owner: str | None = request.state.visitor.key_id
    return None if key is None else Sender(key, owner or "")


Once = Annotated[Sender | None, Depends(_sender)]
