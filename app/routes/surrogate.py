"""What a job's surrogate makes of its search."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.jobs import require_job
from app.json_answer import tagged_answer
from app.problem_examples import NO_JOB, problems
from app.routes.parameters import JobId
from app.services import Used
from app.surrogate_body import SurrogateBody
from app.surrogates import find_surrogate

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get(
    "/{job_id}/surrogate",
    responses={
        200: {"model": SurrogateBody},
        304: {"description": "Not changed."},
        **problems(NO_JOB),
    },
)
def show_surrogate(request: Request, services: Used, job_id: JobId) -> Response:
    """Shows the embedding as a map, and what random search is expected to find.

    It is renewed every few seconds while the job searches, as its trials end.
    """
    with services.database.read() as session:
        require_job(session, job_id)
        found = find_surrogate(session, job_id)
    return tagged_answer(request, SurrogateBody.of(found))
