"""Errands come to an end on record, whatever becomes of those who take them up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.artifacts import Artifacts
from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import ErrandLease, Kind, claim_errand
from app.estimates import create_estimate, get_estimate
from app.problems import LeaseLost
from app.tables import Estimate, Teacher
from tests.workers.jobs import NEVER_S
from tests.workers.teachers import add_teacher, errands, files_of, read_teacher, small_network
from workers.child import ChildFailed
from workers.errand import Errand
from workers.errands import MOST_ATTEMPTS, MOST_CLAIMS, Errands
from workers.work import Stopping

Do = Callable[[Errand], None]


@pytest.fixture
def teacher_id(database: Database, artifacts: Artifacts) -> str:
    return add_teacher(database, artifacts, {"onnx": b"x"}, "onnx")


def _raising(error: Exception) -> Do:
    def do(_: Errand) -> None:
        raise error

    return do


def _run(made: Errands, do: Do, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setitem(made._carry_out.__globals__["_DO"], "teacher", do)
    monkeypatch.setitem(made._carry_out.__globals__["_DO"], "estimate", do)
    return made.run_one()


def _lease(database: Database) -> ErrandLease | None:
    return claim_errand(database, "another", NEVER_S)


def test_without_an_errand_there_is_nothing_to_do(
    database: Database, artifacts: Artifacts, home: Path
) -> None:
    assert not errands(database, artifacts, home).run_one()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ChildFailed("it takes longer than 3 seconds"), "it takes longer than 3 seconds"),
        (LookupError("a mistake"), "LookupError: a mistake"),
    ],
    ids=["child", "mistake"],
)
def test_an_errand_that_fails_ends_on_record(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    says: str,
) -> None:
    assert _run(errands(database, artifacts, home), _raising(error), monkeypatch)
    teacher = read_teacher(database, teacher_id)
    assert teacher.state == "rejected"
    assert teacher.error is not None
    assert str(teacher.error["detail"]).endswith(says)
    assert "#/onnx" in str(teacher.error["errors"])


def test_an_estimate_that_fails_ends_on_record(
    database: Database, artifacts: Artifacts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        estimate_id = create_estimate(session, {})
    failing = _raising(ChildFailed("it was ended by SIGKILL"))
    assert _run(errands(database, artifacts, home, "estimate"), failing, monkeypatch)
    with database.read() as session:
        estimate = get_estimate(session, estimate_id)
    assert (estimate.state, estimate.result) == ("failed", None)
    assert estimate.error is not None
    assert "it was ended by SIGKILL" in str(estimate.error["detail"])


@pytest.mark.parametrize(
    "error",
    [OperationalError("SELECT", {}, Exception("away")), OSError(28, "no space left on device")],
    ids=["database", "disk"],
)
def test_broken_surroundings_leave_an_errand_to_be_taken_up_again(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    with pytest.raises(type(error)):
        _run(errands(database, artifacts, home), _raising(error), monkeypatch)
    assert _lease(database) is None
    with database.write() as session:
        session.execute(update(Teacher).values(lease_until=DatabaseTime(-1)))
    again = _lease(database)
    assert again is not None
    assert (again.id, again.attempts) == (teacher_id, 1)


def test_an_errand_that_the_surroundings_end_lets_the_others_come_first(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    younger = add_teacher(database, artifacts, {"onnx": b"x"}, "onnx")

    def do(errand: Errand) -> None:
        if errand.lease.id == teacher_id:
            raise OSError(28, "no space left on device")
        raise ChildFailed("it is done")

    made = errands(database, artifacts, home)
    with pytest.raises(OSError, match="no space"):
        _run(made, do, monkeypatch)
    assert _run(made, do, monkeypatch)
    assert read_teacher(database, younger).state == "rejected"
    assert list((home / "errands").iterdir()) == []


def test_an_errand_that_the_surroundings_end_for_hours_is_given_up(
    database: Database, artifacts: Artifacts, home: Path, teacher_id: str
) -> None:
    with database.write() as session:
        session.execute(update(Teacher).values(fence=MOST_CLAIMS))
    assert errands(database, artifacts, home).run_one()
    assert "the storage or the database failed" in str(read_teacher(database, teacher_id).error)


def test_however_many_are_asked_for_of_one_kind_the_other_gets_done(
    database: Database, artifacts: Artifacts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teachers = [add_teacher(database, artifacts, {"onnx": b"x"}, "onnx") for _ in range(2)]
    with database.write() as session:
        estimates = [create_estimate(session, {}) for _ in range(2)]
    done: list[str] = []

    def do(errand: Errand) -> None:
        done.append(errand.lease.id)
        raise ChildFailed("it is done")

    kinds: list[Kind] = ["estimate", "teacher"]
    made = [errands(database, artifacts, home, kind) for kind in kinds]
    for one in (*made, *made):
        assert _run(one, do, monkeypatch)
    assert [one in estimates for one in done] == [True, False, True, False]
    assert set(done) == {*teachers, *estimates}
    assert not any(_run(one, do, monkeypatch) for one in made)


def test_a_coordinator_that_ends_leaves_its_errand_to_others(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _run(errands(database, artifacts, home), _raising(Stopping()), monkeypatch)
    again = _lease(database)
    assert again is not None
    assert (again.id, again.attempts) == (teacher_id, 1)


def test_who_lost_an_errand_writes_nothing(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _run(errands(database, artifacts, home), _raising(LeaseLost("void")), monkeypatch)
    assert read_teacher(database, teacher_id).state == "checking"


@pytest.mark.parametrize("table", [Teacher, Estimate])
def test_an_errand_that_ends_whoever_takes_it_up_is_given_up(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
    table: type[Teacher | Estimate],
) -> None:
    with database.write() as session:
        estimate_id = create_estimate(session, {})
        session.execute(update(table).values(attempts=MOST_ATTEMPTS))
    done: list[Errand] = []
    made = errands(database, artifacts, home, "teacher" if table is Teacher else "estimate")
    assert _run(made, done.append, monkeypatch)
    assert done == []
    with database.read() as session:
        estimate = get_estimate(session, estimate_id)
    teacher = read_teacher(database, teacher_id)
    ended = teacher if table is Teacher else estimate
    assert ended.state == ("rejected" if table is Teacher else "failed")
    assert "every process that took it up was ended" in str(ended.error)


def test_errands_are_run_until_it_is_time_to_stop(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    teacher_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = errands(database, artifacts, home)
    seen: list[str] = []

    def do(errand: Errand) -> None:
        seen.append(errand.lease.id)
        if len(seen) == 1:
            raise OSError(28, "no space left on device")
        made.stop.set()
        raise Stopping

    monkeypatch.setitem(made._carry_out.__globals__["_DO"], "teacher", do)
    monkeypatch.setattr("workers.errands.POLL_S", 0.0)
    monkeypatch.setattr("workers.errands.LONGEST_WAIT_S", 0.0)
    thread = threading.Thread(target=made.run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert seen == [teacher_id, teacher_id]


_PROGRAM = """
import sys
from pathlib import Path
from tests.workers.jobs import open_home
from tests.workers.teachers import errands
home = Path(sys.argv[1])
errands(*open_home(home), home, lease_s=1.0).run()
"""


@pytest.mark.cluster
def test_a_teacher_whose_coordinator_is_killed_is_checked_by_the_next(
    database: Database, artifacts: Artifacts, home: Path
) -> None:
    teacher_id = add_teacher(database, artifacts, files_of(small_network()))
    first = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(home)])
    checks: list[psutil.Process] = []
    while not checks:
        checks = psutil.Process(first.pid).children()
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    psutil.wait_procs(checks, timeout=10)
    assert not any(psutil.pid_exists(check.pid) for check in checks)
    assert read_teacher(database, teacher_id).state == "checking"
    second = errands(database, artifacts, home)
    for _ in range(100):
        if second.run_one():
            break
        time.sleep(0.1)
    assert read_teacher(database, teacher_id).state == "ready"
