"""Health: whether the process lives, and whether it can work."""

from fastapi import APIRouter
from starlette.responses import Response

from app.bodies import HealthBody
from app.json_answer import json_answer
from app.openapi import problems
from app.services import Used

router = APIRouter(tags=["health"])


@router.get("/healthz", responses={200: {"model": HealthBody}})
async def tell_alive() -> Response:
    """Tells that the process lives, and asks nothing else."""
    return json_answer(HealthBody(status="ok"))


@router.get(
    "/readyz",
    responses={
        200: {"model": HealthBody},
        **problems(_503="The database can't be reached, or lacks migrations."),
    },
)
def tell_ready(services: Used) -> Response:
    """Tells whether the database answers and is migrated."""
    services.database.check()
    return json_answer(HealthBody(status="ready"))
