import pytest
from sqlalchemy import update

from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import ErrandLease, claim_errand
from app.errand_records import EstimateRecord
from app.estimates import (
    KEPT_S,
    answer_estimate,
    delete_old_estimates,
    fail_estimate,
    get_estimate,
)
from app.problems import LeaseLost, NotFound
from app.tables import Estimate
from tests.app.samples import NEVER_S, REQUEST
from tests.app.samples_teachers import new_estimate

ERROR: dict[str, object] = {"title": "X", "status": 422}


def _get(database: Database, estimate_id: str) -> EstimateRecord:
    with database.read() as session:
        return get_estimate(session, estimate_id)


def _claimed(database: Database) -> ErrandLease:
    lease = claim_errand(database, "a", NEVER_S)
    assert lease is not None
    return lease


def test_an_estimate_is_queued_and_answered_once(database: Database) -> None:
    estimate_id = new_estimate(database)
    queued = _get(database, estimate_id)
    assert (queued.state, queued.request) == ("queued", REQUEST)
    assert (queued.result, queued.error, queued.finished_at) == (None, None, None)
    lease = _claimed(database)
    answer_estimate(database, lease, {"removals": 3})
    answered = _get(database, estimate_id)
    assert (answered.state, answered.result, answered.error) == (
        "succeeded",
        {"removals": 3},
        None,
    )
    assert answered.finished_at is not None
    with pytest.raises(LeaseLost):
        fail_estimate(database, lease, ERROR)


def test_a_failed_estimate_says_why(database: Database) -> None:
    estimate_id = new_estimate(database)
    fail_estimate(database, _claimed(database), ERROR)
    failed = _get(database, estimate_id)
    assert (failed.state, failed.result, failed.error) == ("failed", None, ERROR)


@pytest.mark.parametrize("estimate_id", ["est_" + "a" * 22, "est_1", "job_" + "a" * 22])
def test_an_unknown_estimate_is_not_found(database: Database, estimate_id: str) -> None:
    with pytest.raises(NotFound, match="there is no estimate"):
        _get(database, estimate_id)


def test_an_estimate_is_deleted_a_week_after_its_end(database: Database) -> None:
    old, young, waiting = (new_estimate(database) for _ in range(3))
    for _ in range(2):
        answer_estimate(database, _claimed(database), {})
    with database.write() as session:
        for name, ago_s in ((old, KEPT_S + 60), (young, KEPT_S - 60)):
            ended = update(Estimate).where(Estimate.id == name)
            session.execute(ended.values(finished_at=DatabaseTime(-ago_s)))
    assert delete_old_estimates(database) == 1
    assert (_get(database, young).state, _get(database, waiting).state) == ("succeeded", "queued")
    with pytest.raises(NotFound):
        _get(database, old)
