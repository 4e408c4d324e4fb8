"""How much an API key may keep here: its datasets and teachers, as they were uploaded."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ownership import visitor_of
from app.problems import StorageFull
from app.tables import Dataset, Teacher

_MIB = 2**20


def expect_quota(session: Session, incoming_bytes: int, most_bytes: int) -> None:
    """Checks that the session's key may upload so many bytes more; without a key any may be.

    Raises:
        StorageFull: they would be more than `most_bytes`, which is 0 for any.
    """
    owner = visitor_of(session).key_id
    if not owner or not most_bytes:
        return
    of_datasets = select(func.coalesce(func.sum(Dataset.bytes), 0)).where(Dataset.owner == owner)
    of_teachers = session.scalars(select(Teacher.files).where(Teacher.owner == owner))
    used = session.scalars(of_datasets).one()
    used += sum(file["bytes"] for files in of_teachers for file in files.values())
    if used + incoming_bytes > most_bytes:
        raise StorageFull(
            f"your key's uploads take {used / _MIB:,.0f} MiB of the {most_bytes / _MIB:,.0f} MiB"
            " that they may (STILLHOUSE_MAX_UPLOADED_BYTES_PER_KEY)"
        )
