"""The metrics of this process and of the database, for Prometheus."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.door import METRICS
from app.metrics import MEDIA_TYPE, Metrics
from app.problem_examples import OF_KEYS, Told, problems
from app.problems import ScopeLacking

router = APIRouter(tags=["health"])

_LACKING: Told = {
    "The key lacks the scope `admin`: the metrics tell of everybody.": ScopeLacking(
        f"{METRICS} tells of everybody: it needs the scope `admin`"
    )
}
_EXAMPLE = 'stillhouse_database_up 1.0\nstillhouse_jobs{state="queued"} 3.0\n'


@router.get(
    METRICS,
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"example": _EXAMPLE}}, "description": "The metrics."},
        **problems(OF_KEYS, _LACKING),
    },
)
async def tell_metrics(request: Request) -> Response:
    """Tells the metrics in the text format of Prometheus.

    With keys it needs one of scope `admin`, and takes none of the requests that a key may make.
    """
    metrics: Metrics = request.app.state.metrics
    return Response(await metrics.text(), media_type=MEDIA_TYPE)
