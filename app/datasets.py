"""The repository of uploaded datasets."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ids import DATASET, is_id
from app.pages import Page, after, cut
from app.problems import NotFound
from app.records import DatasetRecord, NewDataset
from app.tables import Dataset


def create_dataset(session: Session, dataset_id: str, dataset: NewDataset) -> None:
    """Puts a dataset on record; its artifact is stored already."""
    session.add(
        Dataset(
            id=dataset_id,
            name=dataset.name,
            key=dataset.key,
            sha256=dataset.sha256,
            bytes=dataset.bytes,
            summary=dataset.summary,
        )
    )


def get_dataset(session: Session, dataset_id: str) -> DatasetRecord:
    """Returns the dataset.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Dataset, dataset_id) if is_id(DATASET, dataset_id) else None
    if row is None:
        raise NotFound(f"there is no dataset {dataset_id!r}")
    return _record(row)


def list_datasets(session: Session, limit: int, cursor: str | None) -> Page[DatasetRecord]:
    """Returns a page of the uploaded datasets, newest first."""
    query = after(select(Dataset), cursor, DATASET, Dataset.created_at, Dataset.id).limit(limit + 1)
    found = [_record(row) for row in session.scalars(query)]
    return cut(found, limit, lambda dataset: [dataset.created_at, dataset.id])


def _record(row: Dataset) -> DatasetRecord:
    return DatasetRecord(
        id=row.id,
        name=row.name,
        key=row.key,
        sha256=row.sha256,
        bytes=row.bytes,
        summary=row.summary,
        created_at=row.created_at,
    )
