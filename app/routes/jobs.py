"""Jobs: submit, look, cancel, pause, resume; their trials and their best student."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app import job_commands
from app.bodies import JobBody, PageBody, StudentBody, StudentsBody, TrialBody
from app.database import Also
from app.deletion import delete_job
from app.event_stream import MEDIA_TYPE as EVENTS
from app.event_stream import EventStream, is_over
from app.idempotency import answer_once, fingerprint_of
from app.jobs import get_job, get_overview, list_overviews, require_job
from app.json_answer import json_answer
from app.json_body import parse
from app.known import Known
from app.pareto import pareto_set
from app.pareto_body import ParetoBody
from app.polling import polled_answer
from app.problem_examples import (
    FROM_A_NUMBER,
    JOB,
    JSON_BODY,
    LISTED,
    NO_JOB,
    NO_ROOM,
    RESENT,
    UNCHECKED_TEACHER,
    WAITED,
    Told,
    problems,
)
from app.problems import Conflict, NotFound, TooMany
from app.records import JobOverview, JobRecord, Progress
from app.requests import JobRequest
from app.routes.job_body import JOB_REQUEST, JsonBody
from app.routes.parameters import Cursor, First, JobId, Limit, Once, Wait
from app.services import Used
from app.students import get_student, list_students
from app.submission import submit
from app.trials import completed_figures, get_trials, page_of_trials
from app.visitor import Visitor

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_POLL_AFTER_S = "2"
_FEW = 50  # rows that are read and worded in a few milliseconds
_SUBMITTED: Told = {
    "Too many jobs wait already.": TooMany(
        "1000 jobs wait or are worked on, which is all that there may be"
    )
}
_NO_STUDENT: Told = {"It has no student yet.": NotFound(f"{JOB} has no student yet")}
_FOLLOWED: Told = {
    "Too many follow jobs already.": TooMany("1000 wait for changes already, which is all that may")
}
_KEPT: Told = {
    "It has not ended.": Conflict(f"{JOB} is searching: only a job that has ended can be deleted"),
    "An unfinished job or estimate starts from its embedding.": Conflict(
        f"emb_7uV8wX9yZ0aB1cD2eF3gH4 is used by {JOB}: cancel that, or wait for its end"
    ),
}
_EVENTS_EXAMPLE = 'id: 3.2.1r0.5f3a9c01.\nevent: trial\ndata: {"number": 1, …}\n\n'
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The `id` of the last event that came, to be sent all after it.",
        examples=["3.2.1r0.5f3a9c01."],
    ),
]


@router.post(
    "",
    status_code=202,
    responses={
        202: {"model": JobBody, "description": "The job is in the queue at `Location`."},
        **problems(UNCHECKED_TEACHER, JSON_BODY, RESENT, _SUBMITTED, NO_ROOM),
    },
    openapi_extra=JOB_REQUEST,
)
def submit_job(services: Used, body: JsonBody, sender: Once) -> Response:
    """Submits a compression job. All but `teacher` and `dataset` have defaults."""
    wanted = parse(JobRequest, body)

    def carry_out(also: Also[JobRecord]) -> JobRecord:
        services.storage.expect_room()
        return submit(services.database, wanted, services.job_limits, also)

    same = partial(fingerprint_of, "jobs", wanted.to_json())
    return answer_once(services.database, sender, same, carry_out, _queued)


@router.get("", responses={200: {"model": PageBody[JobBody]}, **problems(LISTED)})
async def list_the_jobs(services: Used, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Lists the jobs, newest first."""

    def read(session: Session) -> Response:
        return json_answer(PageBody.of(list_overviews(session, limit, cursor).map(JobBody.of)))

    return await services.database.look(read, is_short=limit <= _FEW)


@router.get(
    "/{job_id}",
    responses={
        200: {"model": JobBody},
        304: {"description": "Not changed."},
        **problems(NO_JOB, WAITED),
    },
)
async def show_job(request: Request, services: Used, job_id: JobId, wait: Wait = 0) -> Response:
    """Shows a job, how far it is and the best it has found.

    Poll with `If-None-Match`, and `wait` to be answered as soon as something is new.
    """

    async def read() -> JobBody:
        return await services.database.look(
            lambda session: JobBody.of(get_overview(session, job_id))
        )

    return await polled_answer(request, services.watch, job_id, wait, read)


@router.get(
    "/{job_id}/events",
    response_class=Response,
    responses={
        200: {"content": {EVENTS: {"example": _EVENTS_EXAMPLE}}, "description": "The events."},
        204: {"description": "The job has ended, and `Last-Event-ID` was its last event."},
        **problems(NO_JOB, _FOLLOWED),
    },
)
async def follow_job(
    request: Request, services: Used, job_id: JobId, last_event_id: LastEventId = None
) -> Response:
    """Sends a job's changes as server-sent events, from its first state to its end.

    `state` has the job as `GET /v1/jobs/{id}`, `trial` a trial as the list of trials, and `best`
    the best student as `GET /v1/jobs/{id}/best`.
    """
    visitor: Visitor = request.state.visitor
    services.watch.expect_room(visitor.key_id)
    known = Known.parse(last_event_id or "")
    if await run_sync(is_over, services, job_id, known):
        return Response(status_code=204)
    return EventStream(services, job_id, known, visitor.key_id)


@router.get(
    "/{job_id}/trials",
    responses={
        200: {"model": PageBody[TrialBody]},
        **problems(NO_JOB, LISTED, FROM_A_NUMBER),
    },
)
async def list_the_trials(
    services: Used, job_id: JobId, limit: Limit = 100, cursor: Cursor = None, first: First = 0
) -> Response:
    """Lists a job's trials by their number.

    Those that have ended change no more: who looks again asks from the first other one on.
    """

    def read(session: Session) -> Response:
        require_job(session, job_id)
        page = page_of_trials(session, job_id, limit, cursor, first)
        return json_answer(PageBody.of(page.map(TrialBody.of)))

    return await services.database.look(read, is_short=limit <= _FEW)


@router.get(
    "/{job_id}/best",
    responses={
        200: {"model": StudentBody},
        **problems(NO_JOB, _NO_STUDENT),
    },
)
async def show_best(services: Used, job_id: JobId) -> Response:
    """Shows the best student so far with its files, at any time of the job."""

    def read(session: Session) -> Response:
        job = get_job(session, job_id)
        if job.best_student_id is None or job.teacher is None:
            raise NotFound(f"{job_id} has no student yet")
        best = get_student(session, job.best_student_id)
        return json_answer(StudentBody.with_files(best, job.teacher))

    return await services.database.look(read)


@router.get("/{job_id}/students", responses={200: {"model": StudentsBody}, **problems(NO_JOB)})
def list_the_students(services: Used, job_id: JobId) -> Response:
    """Lists the students that a job's trials became, the oldest first, with their files.

    A trial may have two: as it was while it was the best, and after its final training.
    """
    with services.database.read() as session:
        job = get_job(session, job_id)
        found = list_students(session, job_id) if job.teacher is not None else []
    return json_answer(StudentsBody.of(found, job.teacher))


@router.get("/{job_id}/pareto", responses={200: {"model": ParetoBody}, **problems(NO_JOB)})
def show_pareto(services: Used, job_id: JobId) -> Response:
    """Shows the completed trials that no other beats on accuracy and the objective's costs.

    They come by their first cost. A job with another objective than `pareto` is shown by its MACs.
    Those that became students come with their files.
    """
    with services.database.read() as session:
        job = get_job(session, job_id)
        chosen = [trial.number for trial in pareto_set(job, completed_figures(session, job_id))]
        whole = {trial.number: trial for trial in get_trials(session, job_id, chosen)}
        students = list_students(session, job_id)
    costs = job.request.objective.pareto_costs
    return json_answer(ParetoBody.of([whole[number] for number in chosen], students, costs))


@router.delete(
    "/{job_id}",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "It is deleted."},
        **problems(NO_JOB, _KEPT),
    },
)
def remove_job(services: Used, job_id: JobId) -> Response:
    """Deletes a job that has ended: its trials, students and embedding, and all their files."""
    delete_job(services.database, services.artifacts, job_id)
    return Response(status_code=204)


def _add_command(
    name: str, command: Callable[[Session, str], None], does: str, refused: Told
) -> None:
    @router.post(
        f"/{{job_id}}/{name}",
        status_code=202,
        name=f"{name}_job",
        description=does,
        responses={
            202: {"model": JobBody},
            **problems(NO_JOB, refused),
        },
    )
    def carry_out(services: Used, job_id: JobId) -> Response:
        with services.database.write() as session:
            command(session, job_id)
        with services.database.read() as session:
            return _accepted(get_overview(session, job_id))


_add_command(
    "cancel",
    job_commands.cancel,
    "Ends a job; its finished trials stay.",
    {"It has ended.": Conflict(f"{JOB} has succeeded: only an unfinished job can be cancelled")},
)
_add_command(
    "pause",
    job_commands.pause,
    "Stops a job until it is resumed.",
    {
        "It has ended.": Conflict(f"{JOB} has succeeded: only an unfinished job can be paused"),
        "It is being cancelled.": Conflict(f"{JOB} is being cancelled"),
    },
)
_add_command(
    "resume",
    job_commands.resume,
    "Goes on with a paused job.",
    {"It is not paused.": Conflict(f"{JOB} is searching: only a paused job can be resumed")},
)


def _queued(job: JobRecord) -> Response:
    return _accepted(JobOverview(job, Progress(), None))


def _accepted(overview: JobOverview) -> Response:
    location = {"Location": f"/v1/jobs/{overview.job.id}", "Retry-After": _POLL_AFTER_S}
    return json_answer(JobBody.of(overview), 202, location)
