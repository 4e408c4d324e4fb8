import pytest

from app.database import Database
from app.datasets import create_dataset
from app.ids import DATASET, TEACHER, new_id
from app.problems import StorageFull
from app.quotas import expect_quota
from app.records import NewDataset
from app.teachers import create_teacher
from app.visitor import ANYBODY, Scope, Visitor
from tests.app.samples_teachers import FILES, sent_teacher

OF_TEACHER = sum(file.bytes for file in FILES.values())


def _visitor(key_id: str, scope: Scope = "submit") -> Visitor:
    return Visitor(key_id, "name", frozenset({scope}))


def _upload(database: Database, visitor: Visitor) -> None:
    """Uploads a dataset of 100 bytes and a teacher."""
    with database.seen_by(visitor).write() as session:
        create_dataset(session, new_id(DATASET), NewDataset("d", "k", "sha", 100, {}))
        create_teacher(session, new_id(TEACHER), sent_teacher())


@pytest.mark.parametrize("scope", ["submit", "admin"])
def test_a_key_may_upload_what_is_left_of_its_own_quota(database: Database, scope: Scope) -> None:
    mine = _visitor("key_a", scope)
    for visitor in (mine, mine, _visitor("key_b"), ANYBODY):
        _upload(database, visitor)
    most = 2 * (100 + OF_TEACHER) + 50
    with database.seen_by(mine).read() as session:
        expect_quota(session, 50, most)
        with pytest.raises(StorageFull, match="STILLHOUSE_MAX_UPLOADED_BYTES_PER_KEY"):
            expect_quota(session, 51, most)


def test_a_key_without_uploads_has_all_of_it(database: Database) -> None:
    with database.seen_by(_visitor("key_a")).read() as session:
        expect_quota(session, 10, 10)
        with pytest.raises(StorageFull):
            expect_quota(session, 11, 10)


def test_no_quota_and_no_key_are_any(database: Database) -> None:
    for visitor, most in ((ANYBODY, 1), (_visitor("key_a"), 0)):
        with database.seen_by(visitor).read() as session:
            expect_quota(session, 2**50, most)
