"""Work that waits, of several owners."""

from collections.abc import Callable

from sqlalchemy import update

from app.clock import DatabaseTime
from app.database import Database
from app.tables import Estimate, Job, Leased, Teacher
from tests.app.samples import new_job
from tests.app.samples_teachers import new_estimate, new_teacher

_NEW: dict[type[Leased], Callable[[Database], str]] = {
    Job: new_job,
    Estimate: new_estimate,
    Teacher: new_teacher,
}


def queue(database: Database, *owners: str | None, table: type[Leased] = Job) -> list[str]:
    """Asks for work for each of these owners, in this order, and returns the rows' ids."""
    made = []
    for number, owner in enumerate(owners):
        row_id = _NEW[table](database)
        with database.write() as session:
            changed = {"owner": owner, "created_at": DatabaseTime(number - 1000.0)}
            session.execute(update(table).where(table.id == row_id).values(changed))
        made.append(row_id)
    return made
