"""The repository of estimates; a coordinator that holds one's lease answers it."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import ErrandLease, end_errand, hold_errand
from app.errand_records import EstimateRecord, EstimateState
from app.ids import ESTIMATE, is_id, new_id
from app.ownership import EVERYBODYS
from app.problems import NotFound
from app.records import Json
from app.tables import Estimate

UNANSWERED_STATES: tuple[EstimateState, ...] = ("queued", "running")
KEPT_S = 7 * 86_400.0  # longer than the answers that `app.idempotency` keeps, which name estimates


def create_estimate(session: Session, request: Json) -> str:
    """Puts a queued estimate on record and returns its id."""
    row = Estimate(id=new_id(ESTIMATE), state="queued", request=request)
    session.add(row)
    session.flush()
    return row.id


def get_estimate(session: Session, estimate_id: str) -> EstimateRecord:
    """Returns the estimate.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Estimate, estimate_id) if is_id(ESTIMATE, estimate_id) else None
    if row is None:
        raise NotFound(f"there is no estimate {estimate_id!r}")
    return EstimateRecord(
        id=row.id,
        state=row.state,
        request=row.request,
        result=row.result,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def count_unanswered(session: Session) -> int:
    """Returns how many estimates, of all owners, wait or are made."""
    count = select(func.count()).select_from(Estimate).where(Estimate.state.in_(UNANSWERED_STATES))
    return session.scalars(count.execution_options(**EVERYBODYS)).one()


def count_waiting_estimates(session: Session, owner: str) -> int:
    """Returns how many estimates of an owner wait."""
    count = select(func.count()).select_from(Estimate)
    return session.scalars(count.where(Estimate.owner == owner, Estimate.state == "queued")).one()


def delete_old_estimates(database: Database) -> int:
    """Deletes the estimates that ended more than a week ago; returns how many."""
    is_old = Estimate.finished_at < DatabaseTime(-KEPT_S)
    with database.write() as session:
        old = delete(Estimate).where(is_old).returning(Estimate.id)
        return len(session.scalars(old).all())


def answer_estimate(database: Database, lease: ErrandLease, result: Json) -> None:
    """Puts the answer on record; the estimate has succeeded.

    Raises:
        LeaseLost: another coordinator holds the estimate, or it has ended.
    """
    _end(database, lease, "succeeded", result, None)


def fail_estimate(database: Database, lease: ErrandLease, error: Json) -> None:
    """Puts on record why there is no answer (a problem).

    Raises:
        LeaseLost: another coordinator holds the estimate, or it has ended.
    """
    _end(database, lease, "failed", None, error)


def _end(
    database: Database,
    lease: ErrandLease,
    state: EstimateState,
    result: Json | None,
    error: Json | None,
) -> None:
    with database.write() as session:
        row = hold_errand(session, lease)
        assert isinstance(row, Estimate)
        row.state, row.result, row.error = state, result, error
        end_errand(row)
        session.flush()
        session.execute(
            update(Estimate).where(Estimate.id == row.id).values(finished_at=DatabaseTime())
        )
