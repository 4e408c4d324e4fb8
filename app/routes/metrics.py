"""The metrics of this process and of the database, for Prometheus."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.door import METRICS
from app.metrics import MEDIA_TYPE, Metrics
from app.openapi import problems

router = APIRouter(tags=["health"])

_EXAMPLE = 'stillhouse_database_up 1.0\nstillhouse_jobs{state="queued"} 3.0\n'


@router.get(
    METRICS,
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"example": _EXAMPLE}}, "description": "The metrics."},
        **problems(
            _401="No key is sent, or one that opens nothing.",
            _403="The key lacks the scope `admin`: the metrics tell of everybody.",
        ),
    },
)
async def tell_metrics(request: Request) -> Response:
    """Tells the metrics in the text format of Prometheus.

    With keys it needs one of scope `admin`, and takes none of the requests that a key may make.
    """
    metrics: Metrics = request.app.state.metrics
    return Response(await metrics.text(), media_type=MEDIA_TYPE)
