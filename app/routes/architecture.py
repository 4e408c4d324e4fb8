"""The graph of a job's teacher, to set a student's beside."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.jobs import get_job
from app.problem_examples import JOB, NO_JOB, Told, problems
from app.problems import Gone, NotFound
from app.routes.parameters import JobId
from app.search_examples import ARCHITECTURE
from app.services import Used
from app.unchanging import unchanging

_PROBLEMS: Told = {
    "Its teacher is not ready.": NotFound(f"the teacher of {JOB} is not ready"),
    "The graph is gone.": Gone("it is not in the artifact store any more: jobs/x/architecture"),
}

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get(
    "/{job_id}/architecture",
    response_class=Response,
    responses={
        200: {
            "content": {"application/json": {"example": ARCHITECTURE}},
            "description": "As in a student's files.",
        },
        304: {"description": "Not changed."},
        **problems(NO_JOB, _PROBLEMS),
    },
)
async def show_architecture(request: Request, services: Used, job_id: JobId) -> Response:
    """Shows the graph of a job's teacher: its layers with their shapes, without weights."""
    job = await services.database.look(lambda session: get_job(session, job_id))
    if job.teacher is None:
        raise NotFound(f"the teacher of {job_id} is not ready")
    key = job.teacher.architecture_key
    return await unchanging(request, services.artifacts, job_id, key, "application/json")
