from app.database import Database
from app.surrogates import find_surrogate
from tests.app.samples import held_job


def test_the_newest_outlook_of_a_job_is_on_record(database: Database) -> None:
    lease, writer = held_job(database)
    other, _ = held_job(database)
    with database.read() as session:
        assert find_surrogate(session, lease.job_id) is None
    writer.record_surrogate({"trials": 1})
    with database.read() as session:
        first = find_surrogate(session, lease.job_id)
    writer.record_surrogate({"trials": 2})
    with database.read() as session:
        second = find_surrogate(session, lease.job_id)
        assert find_surrogate(session, other.job_id) is None
    assert first is not None
    assert second is not None
    assert (first.outlook, second.outlook) == ({"trials": 1}, {"trials": 2})
    assert first.updated_at <= second.updated_at
