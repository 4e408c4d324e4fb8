"""Parameters that several routes take, and answers that all may give."""

from typing import Annotated, Any

from fastapi import Path, Query

from app.bodies import ProblemBody
from app.polling import LONGEST_S

Limit = Annotated[int, Query(ge=1, le=500, description="Items on a page.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before.", examples=["WzQwXQ"])
]
First = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="Only trials of this number and above.")
]
Wait = Annotated[
    int,
    Query(
        ge=0,
        le=LONGEST_S,
        description="Seconds for which the answer is held while the `ETag` of `If-None-Match` still"
        " stands; then it is 304.",
    ),
]
JobId = Annotated[str, Path(description="The job's id.", examples=["job_3qT7ZcWm8yPp5RkXj1NaVd"])]


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """Returns OpenAPI's description of error answers: `problems(_404="no such job")`."""
    return {
        int(status[1:]): {"model": ProblemBody, "description": description}
        for status, description in described.items()
    }
