import pytest

from app import job_commands
from app.database import Database
from app.job_writer import JobWriter
from app.jobs import get_job
from app.leases import claim
from app.problems import Conflict, LeaseLost, NotFound
from app.records import EndState, JobRecord
from app.trials import list_trials
from tests.app.samples import NEVER_S, held_job, new_job, searching_job

COMMANDS = {
    "cancel": job_commands.cancel,
    "pause": job_commands.pause,
    "resume": job_commands.resume,
}


def _tell(database: Database, command: str, job_id: str) -> JobRecord:
    with database.write() as session:
        COMMANDS[command](session, job_id)
    with database.read() as session:
        return get_job(session, job_id)


def test_a_queued_job_is_cancelled_at_once(database: Database) -> None:
    job = _tell(database, "cancel", new_job(database))
    assert job.state == "cancelled"
    assert job.finished_at is not None
    assert claim(database, "a", NEVER_S) is None


def test_a_held_job_is_left_a_command(database: Database) -> None:
    lease, writer = searching_job(database)
    job = _tell(database, "cancel", lease.job_id)
    assert (job.state, job.command) == ("searching", "cancel")
    with pytest.raises(Conflict, match="being cancelled"):
        _tell(database, "pause", lease.job_id)
    writer.finish("cancelled")
    with database.read() as session:
        job = get_job(session, lease.job_id)
    assert (job.state, job.command) == ("cancelled", None)


def test_a_job_whose_holder_died_is_cancelled_at_once_and_for_good(database: Database) -> None:
    new_job(database)
    lease = claim(database, "dead", -1.0)
    assert lease is not None
    assert _tell(database, "cancel", lease.job_id).state == "cancelled"
    with pytest.raises(LeaseLost):
        JobWriter(database, lease).set_stage("I am not dead")


def test_pausing_and_resuming_keeps_the_trials(database: Database) -> None:
    lease, writer = searching_job(database)
    assert _tell(database, "pause", lease.job_id).command == "pause"
    writer.finish("paused")
    assert _tell(database, "pause", lease.job_id).state == "paused"
    job = _tell(database, "resume", lease.job_id)
    assert (job.state, job.command) == ("queued", None)
    assert claim(database, "b", NEVER_S) is not None
    with database.read() as session:
        states = [trial.state for trial in list_trials(session, lease.job_id)]
    assert states == ["completed", "queued", "queued"]


def test_a_pause_is_taken_back_before_it_is_carried_out(database: Database) -> None:
    lease, _ = held_job(database)
    _tell(database, "pause", lease.job_id)
    assert _tell(database, "resume", lease.job_id).command is None


def test_a_paused_job_can_be_cancelled(database: Database) -> None:
    job_id = new_job(database)
    assert _tell(database, "pause", job_id).state == "paused"
    assert _tell(database, "cancel", job_id).state == "cancelled"


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_finished_job_is_left_alone(database: Database, state: EndState, command: str) -> None:
    lease, writer = held_job(database)
    writer.finish(state)
    with pytest.raises(Conflict, match=lease.job_id):
        _tell(database, command, lease.job_id)


def test_a_job_that_runs_has_nothing_to_resume(database: Database) -> None:
    with pytest.raises(Conflict, match="only a paused job"):
        _tell(database, "resume", new_job(database))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("job_id", ["job_" + "a" * 22, "job_\x00"])
def test_no_such_job(database: Database, command: str, job_id: str) -> None:
    with pytest.raises(NotFound):
        _tell(database, command, job_id)
