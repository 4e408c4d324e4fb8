"""The server itself: its version, what the asker may do, and whether coordinators live."""

from importlib.metadata import version

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.json_answer import json_answer
from app.liveness import liveness
from app.server_body import AskerBody, CoordinatorsBody, ServerBody
from app.services import Used
from app.visitor import Visitor

router = APIRouter(prefix="/v1/server", tags=["server"])


@router.get("", responses={200: {"model": ServerBody}})
def show_server(request: Request, services: Used) -> Response:
    """Tells the server's version, what the key that was sent may do, and whether jobs are taken."""
    visitor: Visitor = request.state.visitor
    with services.database.read() as session:
        found = liveness(session)
    body = ServerBody(
        version=version("stillhouse"),
        key=None if visitor.key_id is None else AskerBody.of(visitor),
        coordinators=CoordinatorsBody(**vars(found)),
    )
    return json_answer(body)
