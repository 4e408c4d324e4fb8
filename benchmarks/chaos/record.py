"""What is on record of the jobs, read beside the servers: progress, leases, and second results."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.database import Database
from app.tables import Job, Student, Trial

ENDED = ("completed", "stopped", "failed")

# Every time that a trial gets a result is noted by the database itself, whoever wrote it.
_NOTED = "NEW.state IN ('completed', 'stopped', 'failed')"
_NOTE = "INSERT INTO noted_results VALUES (NEW.job_id, NEW.number)"
_TRIGGER = (
    f"CREATE TRIGGER note_results AFTER UPDATE OF state ON trials FOR EACH ROW WHEN ({_NOTED})"
)
_TABLE = "CREATE TABLE noted_results (job_id TEXT, number BIGINT)"
_FUNCTION = (
    "CREATE FUNCTION note_result() RETURNS trigger LANGUAGE plpgsql"
    f" AS $$ BEGIN {_NOTE}; RETURN NULL; END $$"
)
_SQLITE = (_TABLE, f"{_TRIGGER} BEGIN {_NOTE}; END")
_POSTGRESQL = (_TABLE, _FUNCTION, f"{_TRIGGER} EXECUTE FUNCTION note_result()")


class Record:
    """The rows of an installation; a database that doesn't answer tells nothing new."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def note_results(self) -> None:
        """Has the database note each result from now on."""
        is_sqlite = self.database.url.startswith("sqlite")
        with self.database.write() as session:
            for statement in _SQLITE if is_sqlite else _POSTGRESQL:
                session.execute(text(statement))

    def second_results(self) -> int:
        """Returns how many results were put on record beyond the first of their trials."""
        with self.database.read() as session:
            noted = session.execute(
                text("SELECT count(*) FROM noted_results GROUP BY job_id, number")
            ).scalars()
            return sum(int(times) - 1 for times in noted)

    def progress(self) -> object:
        """Returns what changes with every result and every change of a job's state."""
        try:
            with self.database.read() as session:
                states = session.execute(select(Job.id, Job.state).order_by(Job.id)).all()
                ended = session.scalar(
                    select(func.count()).select_from(Trial).where(Trial.state.in_(ENDED))
                )
                students = session.scalar(select(func.count()).select_from(Student))
        except SQLAlchemyError:
            return None
        return [tuple(row) for row in states], ended, students

    def owners(self) -> list[str]:
        """Returns who holds jobs now."""
        try:
            with self.database.read() as session:
                held = select(Job.lease_owner).where(Job.lease_owner.is_not(None))
                return [str(owner) for owner in session.scalars(held)]
        except SQLAlchemyError:
            return []
