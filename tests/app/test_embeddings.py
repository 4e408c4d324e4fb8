import pytest

from app.database import Database
from app.embeddings import get_embedding, list_embeddings
from app.problems import NotFound
from app.records import NewEmbedding
from tests.app.samples import held_job


def test_embeddings_are_listed_newest_first(database: Database) -> None:
    made = []
    for number in range(3):
        lease, writer = held_job(database)
        embedding = NewEmbedding("key", "sha", 9, "zoo/resnet20", "digits", number, 8, {})
        writer.finish("succeeded", embedding=embedding)
        made.append(lease.job_id)
    with database.read() as session:
        first = list_embeddings(session, 2, None)
        second = list_embeddings(session, 2, first.next)
        one = get_embedding(session, first.items[0].id)
    assert one == first.items[0]
    assert (one.key, one.sha256, one.bytes, one.teacher) == ("key", "sha", 9, "zoo/resnet20")
    assert {e.job_id for e in first.items + second.items} == set(made)
    assert second.next is None


@pytest.mark.parametrize("embedding_id", ["emb_" + "a" * 22, "nul\x00"])
def test_no_such_embedding(database: Database, embedding_id: str) -> None:
    with database.read() as session, pytest.raises(NotFound):
        get_embedding(session, embedding_id)
