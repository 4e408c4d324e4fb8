"""The repository of saved embeddings; a coordinator writes them as it finishes a job."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ids import EMBEDDING, is_id
from app.pages import Page, after, cut
from app.problems import NotFound
from app.records import EmbeddingRecord
from app.tables import Embedding


def get_embedding(session: Session, embedding_id: str) -> EmbeddingRecord:
    """Returns the embedding.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Embedding, embedding_id) if is_id(EMBEDDING, embedding_id) else None
    if row is None:
        raise NotFound(f"there is no embedding {embedding_id!r}")
    return _record(row)


def list_embeddings(session: Session, limit: int, cursor: str | None) -> Page[EmbeddingRecord]:
    """Returns a page of the embeddings, newest first."""
    query = after(select(Embedding), cursor, EMBEDDING, Embedding.created_at, Embedding.id)
    found = [_record(row) for row in session.scalars(query.limit(limit + 1))]
    return cut(found, limit, lambda embedding: [embedding.created_at, embedding.id])


def _record(row: Embedding) -> EmbeddingRecord:
    return EmbeddingRecord(
        id=row.id,
        job_id=row.job_id,
        key=row.key,
        sha256=row.sha256,
        bytes=row.bytes,
        teacher=row.teacher,
        dataset=row.dataset,
        trials=row.trials,
        kernels=row.kernels,
        summary=row.summary,
        created_at=row.created_at,
    )
