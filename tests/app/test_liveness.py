from app.database import Database
from app.jobs import create_job
from app.leases import claim
from app.liveness import Liveness, liveness
from app.requests import JobRequest
from app.visitor import SCOPES, Visitor
from tests.app.samples import NEVER_S, REQUEST


def test_held_and_waiting_jobs_are_counted(database: Database) -> None:
    def now(of: Database = database) -> Liveness:
        with of.read() as session:
            return liveness(session)

    assert now() == Liveness(False, 0, 0, None)
    with database.write() as session:
        create_job(session, JobRequest.model_validate(REQUEST))
    found = now()
    assert (found.working, found.waiting) == (0, 1)
    assert found.oldest_waiting_s is not None
    assert 0 <= found.oldest_waiting_s < 60
    assert claim(database, "coordinator", NEVER_S) is not None
    assert now() == Liveness(True, 1, 0, None)
    stranger, _, admin = (
        database.seen_by(Visitor("key_x", "x", frozenset({scope}))) for scope in SCOPES
    )
    assert now(stranger) == Liveness(True, 0, 0, None)  # how many is for an admin to know
    assert now(admin) == Liveness(True, 1, 0, None)
