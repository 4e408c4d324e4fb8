"""Health: whether the process lives, and whether it can work."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.bodies import HealthBody
from app.json_answer import json_answer
from app.problem_examples import Told, problems
from app.problems import NotReady
from app.services import Used

router = APIRouter(tags=["health"])


def _told(status: str) -> dict[str, Any]:
    example = {"status": status}
    return {"model": HealthBody, "content": {"application/json": {"example": example}}}


_LACKS = "is at revision 0011, but 0012 is wanted: run `stillhouse db upgrade`"
_NOT_READY: Told = {"The database lacks migrations.": NotReady(f"the database {_LACKS}")}


@router.get("/healthz", responses={200: _told("ok")})
async def tell_alive() -> Response:
    """Tells that the process lives, and asks nothing else."""
    return json_answer(HealthBody(status="ok"))


@router.get(
    "/readyz",
    responses={
        200: _told("ready"),
        **problems(_NOT_READY),
    },
)
def tell_ready(services: Used) -> Response:
    """Tells whether the database answers and is migrated."""
    services.database.check()
    return json_answer(HealthBody(status="ready"))
