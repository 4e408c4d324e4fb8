"""A job's events: what of it somebody doesn't know yet, as the routes' JSON."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.bodies import Body, JobBody, StudentBody, TrialBody
from app.database import Database
from app.job_states import ENDED_STATES
from app.jobs import get_overview
from app.known import Known, mark_of
from app.pulses import UNENDED_STATES
from app.records import JobOverview, TrialRecord
from app.students import get_student
from app.tables import Job, Trial
from app.trials import get_trials

_AT_ONCE = 50  # trials that are read and sent together


@dataclass(frozen=True)
class News:
    """Some events, ready to be sent.

    Attributes:
        text: the events as a stream of server-sent events has them; empty if there are none.
        known: what is known with them.
        more: whether there are more at once.
        ended: whether the job has ended and all of it is told.
    """

    text: bytes
    known: Known
    more: bool
    ended: bool


def news_of(database: Database, job_id: str, known: Known) -> News:
    """Returns the next events of a job for one who knows that much of it.

    Those are, in this order: `state` for each state before the present one that was missed, `trial`
    for each trial that is new or changed, `best` if that is new or changed, and `state` if anything
    of the job is new. A trial that changed twice is told once, as it is now.

    Raises:
        NotFound: there is no such job, or no more.
    """
    with database.read() as session:
        overview = get_overview(session, job_id)
        job = JobBody.of(overview)
        events = _Events(known)
        states = session.scalar(select(Job.states).where(Job.id == job_id)) or [job.state]
        events.add_past_states(job, states)
        behind = _numbers_behind(session, job_id, known)
        chosen = behind[:_AT_ONCE]
        trials = get_trials(session, job_id, chosen) if chosen else []
        for trial in sorted(trials, key=lambda one: one.number):
            events.add_trial(trial)
        more = len(behind) > len(chosen)
        if not more:
            events.add_best(_best(session, overview))
            events.add_job(job, len(states))
    ended = job.state in ENDED_STATES and not more
    return News(b"".join(events.sent), events.known, more, ended)


class _Events:
    """Events one after the other, each with what is known after it."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.sent: list[bytes] = []

    def add_past_states(self, job: JobBody, states: Sequence[str]) -> None:
        for number, state in enumerate(states[:-1], 1):
            if number > self.known.states:
                then = job.model_copy(update={"state": state})
                self._add("state", then, replace(self.known, states=number))

    def add_trial(self, trial: TrialRecord) -> None:
        mark = mark_of(trial.state, trial.attempts) if trial.state in UNENDED_STATES else None
        self._add("trial", TrialBody.of(trial), self.known.with_trial(trial.number, mark))

    def add_best(self, best: StudentBody | None) -> None:
        if best is not None and (mark := _mark(best)) != self.known.best:
            self._add("best", best, replace(self.known, best=mark))

    def add_job(self, job: JobBody, states: int) -> None:
        known = replace(self.known, states=states, job=_mark(job))
        if known != self.known:
            self._add("state", job, known)

    def _add(self, kind: str, body: Body, known: Known) -> None:
        self.known = known
        text = f"id: {known}\nevent: {kind}\ndata: {body.model_dump_json()}\n\n"
        self.sent.append(text.encode())


def _numbers_behind(session: Session, job_id: str, known: Known) -> list[int]:
    """Returns the trials that are new, or not any more what they are known for."""
    of_job = Trial.job_id == job_id
    last = session.scalar(select(func.max(Trial.number)).where(of_job))
    unended = select(Trial.number, Trial.state, Trial.attempts)
    rows = session.execute(unended.where(of_job, Trial.state.in_(UNENDED_STATES)))
    now = {number: mark_of(state, attempts) for number, state, attempts in rows}
    changed = [number for number, mark in known.unended.items() if now.get(number) != mark]
    return sorted(changed) + list(range(known.trials, 0 if last is None else last + 1))


def _best(session: Session, overview: JobOverview) -> StudentBody | None:
    if overview.best is None or overview.job.teacher is None:
        return None
    return StudentBody.with_files(get_student(session, overview.best.id), overview.job.teacher)


def _mark(body: Body) -> str:
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()[:8]
