"""What unfinished jobs and estimates use: the datasets, teachers and embeddings that they name."""

from typing import Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.estimates import UNANSWERED_STATES
from app.job_states import WORKABLE_STATES
from app.ownership import EVERYBODYS
from app.problems import Conflict
from app.requests import JobRequest
from app.tables import Dataset, Embedding, Estimate, Job, Teacher

Named = Literal["dataset", "teacher", "embedding"]
_PLACES: dict[Named, tuple[str, ...]] = {
    "dataset": ("dataset", "id"),
    "teacher": ("teacher", "id"),
    "embedding": ("search", "embedding", "from"),
}
UNFINISHED_STATES = (*WORKABLE_STATES, "paused")
_TOLD = 3  # users that are named


def hold_named(session: Session, request: JobRequest) -> None:
    """Keeps what a request names from being deleted until this transaction has ended."""
    wanted = request.search.embedding
    named: list[tuple[InstrumentedAttribute[str], str | None]] = [
        (Dataset.id, request.dataset.id),
        (Teacher.id, request.teacher.id),
        (Embedding.id, None if wanted is None else wanted.from_),
    ]
    for column, name in named:
        if name is not None:
            query = select(column).where(column == name)
            session.execute(query.with_for_update(read=True, key_share=True))


def expect_unused(session: Session, kind: Named, name: str) -> None:
    """Checks that nothing unfinished names what this transaction has locked to delete.

    Raises:
        Conflict: something does; says what.
    """
    by_jobs = select(Job.id).where(
        Job.state.in_(UNFINISHED_STATES), _names(Job.request, kind, name)
    )
    by_estimates = select(Estimate.id).where(
        Estimate.state.in_(UNANSWERED_STATES), _names(Estimate.request, kind, name)
    )
    queries = (by_jobs.order_by(Job.created_at), by_estimates)
    count = sum(len(session.scalars(q, execution_options=EVERYBODYS).all()) for q in queries)
    if count:
        # Other keys' users are counted, and not named.
        told = [user for query in queries for user in session.scalars(query)][:_TOLD]
        more = [f"{count - len(told)} more"] if count > len(told) else []
        users = " and ".join(filter(None, [", ".join(told), *more]))
        raise Conflict(f"{name} is used by {users}: cancel that, or wait for its end")


def _names(
    request: InstrumentedAttribute[dict[str, object]], kind: Named, name: str
) -> ColumnElement[bool]:
    is_named: ColumnElement[bool] = request[_PLACES[kind]].as_string() == name
    return is_named
