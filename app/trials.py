"""The repository of trials; only a coordinator writes them (`app.job_writer`)."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Integer, Row, Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from app.core_reads import read_rows
from app.lost_attempts import LostAttempt
from app.pages import Page, cut, decode_number
from app.records import TrialRecord, TrialSource, TrialState
from app.tables import Job, Trial


class TrialFigures(NamedTuple):
    """What a trial costs and is worth: all that a Pareto set is made by."""

    number: int
    state: TrialState
    params: int
    macs: int
    bytes: int
    accuracy: float | None
    latency_ms: float | None


def list_trials(session: Session, job_id: str, first: int = 0) -> list[TrialRecord]:
    """Returns a job's trials by their number, those from the number `first` on."""
    rows = read_rows(session, _AFTER, {"job_id": job_id, "number": first - 1})
    return [_record(row) for row in rows]


def get_trials(session: Session, job_id: str, numbers: Collection[int]) -> list[TrialRecord]:
    """Returns those of a job's trials that have one of the numbers, in no order."""
    rows = read_rows(session, _SOME, {"job_id": job_id, "numbers": list(numbers)})
    return [_record(row) for row in rows]


def completed_figures(session: Session, job_id: str) -> list[TrialFigures]:
    """Returns what a job's completed trials cost and are worth, in no order.

    That takes a tenth of the time that the whole trials would.
    """
    rows = read_rows(session, _FIGURES, {"job_id": job_id})
    return list(map(TrialFigures._make, rows))


def page_of_trials(
    session: Session, job_id: str, limit: int, cursor: str | None, first: int = 0
) -> Page[TrialRecord]:
    """Returns a page of a job's trials by their number, of those from the number `first` on.

    Raises:
        Invalid: the cursor is none of ours.
    """
    last = first - 1 if cursor is None else max(first - 1, decode_number(cursor))
    rows = read_rows(session, _PAGE, {"job_id": job_id, "number": last, "limit": limit + 1})
    found = [_record(row) for row in rows]
    return cut(found, limit, lambda trial: [trial.number])


def find_trained(
    session: Session, job_id: str, recipe_hash: str, hashes: Collection[str]
) -> list[tuple[TrialSource, TrialRecord]]:
    """Returns completed trials of the owner's other jobs by a recipe, those that ended first first.

    Args:
        session: of the database.
        job_id: the job that asks; its own trials are left out.
        recipe_hash: the recipe's.
        hashes: of the candidates that are looked for.
    """
    asks = aliased(Job)
    owner = select(asks.owner).where(asks.id == job_id).scalar_subquery()
    query = (
        _RECORDS.add_columns(Trial.job_id)
        .join(Job, Job.id == Trial.job_id)
        .where(Job.owner.is_not_distinct_from(owner))
        .where(Trial.recipe_hash == recipe_hash, Trial.hash.in_(hashes))
        .where(Trial.state == "completed", Trial.job_id != job_id)
        .order_by(Trial.finished_at, Trial.job_id, Trial.number)
    )
    rows = session.execute(query)
    return [(TrialSource(row.job_id, row.number), _record(row)) for row in rows]


# What a record has as it is, in columns.
_PLAIN = (
    "number",
    "state",
    "hash",
    "edits",
    "params",
    "macs",
    "bytes",
    "seed",
    "attempts",
    "accuracy",
    "score",
    "epochs",
    "duration_s",
    "weights_key",
    "error",
    "latency_ms",
    "criterion",
)
# No more than a record needs, and no mapped objects: reading them costs as much as all the rest.
_RECORDS: Select[*tuple[Any, ...]] = select(
    *(getattr(Trial, name) for name in _PLAIN),
    Trial.reused_job,
    Trial.reused_trial,
    Trial.curve,
    Trial.lost_attempts,
)
_OF_JOB = Trial.job_id == bindparam("job_id")
_AFTER = _RECORDS.where(_OF_JOB, Trial.number > bindparam("number")).order_by(Trial.number)
_PAGE = _AFTER.limit(bindparam("limit", type_=Integer()))
_SOME = _RECORDS.where(_OF_JOB, Trial.number.in_(bindparam("numbers", expanding=True)))
_FIGURES = select(*(getattr(Trial, name) for name in TrialFigures._fields)).where(
    _OF_JOB, Trial.state == "completed"
)


def _record(row: Row[*tuple[Any, ...]]) -> TrialRecord:
    reused_job, reused_trial, curve, lost_attempts = row[len(_PLAIN) : len(_PLAIN) + 4]
    is_reused = reused_job is not None and reused_trial is not None
    return TrialRecord(
        **dict(zip(_PLAIN, row, strict=False)),
        reused_from=TrialSource(reused_job, reused_trial) if is_reused else None,
        curve=None if curve is None else tuple(curve),
        lost_attempts=tuple(map(LostAttempt.from_json, lost_attempts or ())),
    )
