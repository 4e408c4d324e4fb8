import pytest

from app.database import Database
from app.estimates import create_estimate
from app.job_commands import pause
from app.job_writer import JobWriter
from app.leases import claim
from app.problems import Conflict
from app.requests import JobRequest
from app.usage import Named, expect_unused
from tests.app.samples import NEVER_S, REQUEST, new_job

NAMED = {
    **REQUEST,
    "teacher": {"id": "tch_a"},
    "dataset": {"id": "dst_a"},
    "search": {"embedding": {"from": "emb_a"}},
}
ID_OF: dict[Named, str] = {"dataset": "dst_a", "teacher": "tch_a", "embedding": "emb_a"}
REQUEST_NAMING = JobRequest.model_validate(NAMED)


def _expect_unused(database: Database) -> None:
    with database.write() as session:
        for kind, name in ID_OF.items():
            expect_unused(session, kind, name)


def test_a_job_uses_what_it_names_until_it_has_ended(database: Database) -> None:
    job_id = new_job(database, **NAMED)
    with database.write() as session:
        pause(session, job_id)
        for kind, name in ID_OF.items():
            with pytest.raises(Conflict, match=f"{name} is used by {job_id}"):
                expect_unused(session, kind, name)
        expect_unused(session, "dataset", "dst_b")


def test_a_job_that_has_ended_uses_nothing(database: Database) -> None:
    new_job(database, **NAMED)
    lease = claim(database, "a", NEVER_S)
    assert lease is not None
    JobWriter(database, lease).finish("cancelled")
    _expect_unused(database)


def test_so_does_an_estimate_until_it_is_answered(database: Database) -> None:
    with database.write() as session:
        estimate = create_estimate(session, REQUEST_NAMING.to_json())
    with pytest.raises(Conflict, match=f"dst_a is used by {estimate}"):
        _expect_unused(database)
