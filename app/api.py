"""The HTTP API as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig

from app import openapi, problem_handlers
from app.audit import Audit
from app.door import UNWATCHED, Door
from app.doorman import Doorman
from app.garbage import collect_now_and_then
from app.guard import Guard, is_loopback
from app.heads import Heads
from app.http_metrics import Measuring
from app.metrics import Metrics
from app.packing import Packing
from app.rates import Rates
from app.request_ids import RequestIds
from app.routes import (
    architecture,
    datasets,
    description,
    embeddings,
    estimates,
    health,
    jobs,
    metrics,
    page,
    server,
    students,
    surrogate,
    teachers,
)
from app.routes.parameters import known_alone
from app.safety_headers import SafetyHeaders
from app.services import Services
from app.slow_bodies import SlowBodies

_DESCRIPTION = (
    "Send a network you have, get back a smaller one you can ship. Every error is a problem"
    " (RFC 9457) whose `errors` point at the fields that are wrong."
)

# FastAPI makes a span of each request where something takes it (`app.tracing`); the rest of its
# telemetry would tell twice what the metrics and the logs tell.
_TELEMETRY: TelemetryConfig = {
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
    "exclude": lambda scope: scope.get("path") in UNWATCHED,
}


def create_app(services: Services) -> FastAPI:
    """Returns the application; it closes the database when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = services.threads
        collecting = asyncio.create_task(collect_now_and_then())
        yield
        collecting.cancel()
        await services.watch.close()
        services.database.close()

    app = FastAPI(
        title="Stillhouse",
        description=_DESCRIPTION,
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        openapi_url=None,  # app.routes.description has it, and its page
        telemetry=_TELEMETRY,
    )
    app.state.services = services
    app.state.metrics = Metrics(services.database, services.crew)
    problem_handlers.install(app)
    doorman = Doorman(services.database, is_open=is_loopback(services.settings.host))
    app.add_middleware(SlowBodies, bytes_per_s=services.settings.min_body_bytes_per_s)
    app.add_middleware(Packing)
    app.add_middleware(Heads)
    app.add_middleware(Door, doorman=doorman, rates=Rates(services.settings.max_requests_per_s))
    app.add_middleware(Audit)
    app.add_middleware(Guard, settings=services.settings)
    app.add_middleware(SafetyHeaders)
    app.add_middleware(Measuring, metrics=app.state.metrics.http)
    app.add_middleware(RequestIds)  # the last one added comes first
    of_jobs = (jobs, architecture, surrogate, students)
    for routes in (*of_jobs, datasets, teachers, embeddings, estimates, server):
        app.include_router(routes.router, dependencies=[Depends(known_alone)])
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(page.router)
    app.include_router(description.router)
    openapi.describe(app)
    return app
