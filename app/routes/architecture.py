"""The graph of a job's teacher, to set a student's beside."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.jobs import get_job
from app.openapi import problems
from app.problems import NotFound
from app.routes.parameters import JobId
from app.services import Used
from app.unchanging import unchanging

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get(
    "/{job_id}/architecture",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}}, "description": "As in a student's files."},
        304: {"description": "Not changed."},
        **problems(
            _404="There is no such job, or its teacher is not ready.", _410="The graph is gone."
        ),
    },
)
async def show_architecture(request: Request, services: Used, job_id: JobId) -> Response:
    """Shows the graph of a job's teacher: its layers with their shapes, without weights."""
    job = await services.database.look(lambda session: get_job(session, job_id))
    if job.teacher is None:
        raise NotFound(f"the teacher of {job_id} is not ready")
    key = job.teacher.architecture_key
    return await unchanging(request, services.artifacts, job_id, key, "application/json")
