"""Estimates: what a job would find and take, before anything is trained."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.errand_records import EstimateRecord
from app.estimate_body import EstimateBody
from app.estimates import get_estimate
from app.idempotency import answer_once, fingerprint_of
from app.json_answer import json_answer
from app.json_body import parse
from app.polling import polled_answer
from app.problem_examples import JSON_BODY, RESENT, UNCHECKED_TEACHER, WAITED, Told, problems
from app.problems import NotFound, TooMany
from app.requests import JobRequest
from app.routes.job_body import JOB_REQUEST, JsonBody
from app.routes.parameters import Once, Wait
from app.services import Used
from app.submission import submit_estimate

router = APIRouter(prefix="/v1/estimates", tags=["estimates"])

_ID = "est_5pQ6rS7tU8vW9xY0zA1bC2"
EstimateId = Annotated[str, Path(description="The estimate's id.", examples=[_ID])]
_NO_ESTIMATE: Told = {"There is no such estimate.": NotFound(f"there is no estimate '{_ID}'")}
_ASKED: Told = {
    "Too many estimates wait already.": TooMany(
        "1000 estimates wait or are worked on, which is all that there may be"
    )
}
_POLL_AFTER_S = "1"


@router.post(
    "",
    status_code=202,
    responses={
        202: {"model": EstimateBody, "description": "The estimate will be at `Location`."},
        **problems(UNCHECKED_TEACHER, JSON_BODY, RESENT, _ASKED),
    },
    openapi_extra=JOB_REQUEST,
)
def ask_for_estimate(services: Used, body: JsonBody, sender: Once) -> Response:
    """Asks what a job would find and take: sizes, constraints, time. Takes about ten seconds."""
    wanted = parse(JobRequest, body)
    same = partial(fingerprint_of, "estimates", wanted.to_json())
    carry_out = partial(submit_estimate, services.database, wanted, services.job_limits)
    return answer_once(services.database, sender, same, carry_out, _queued)


@router.get(
    "/{estimate_id}",
    responses={
        200: {"model": EstimateBody},
        304: {"description": "Not changed."},
        **problems(_NO_ESTIMATE, WAITED),
    },
)
async def show_estimate(
    request: Request, services: Used, estimate_id: EstimateId, wait: Wait = 0
) -> Response:
    """Shows an estimate; `result` is there once it has succeeded.

    Poll with `If-None-Match`, and `wait` to be answered as soon as something is new.
    """

    async def read() -> EstimateBody:
        return await services.database.look(
            lambda session: EstimateBody.of(get_estimate(session, estimate_id))
        )

    return await polled_answer(request, services.watch, estimate_id, wait, read)


def _queued(estimate: EstimateRecord) -> Response:
    location = {"Location": f"/v1/estimates/{estimate.id}", "Retry-After": _POLL_AFTER_S}
    return json_answer(EstimateBody.of(estimate), 202, location)
