import threading
from collections.abc import Callable

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.job_commands import pause, resume
from app.problems import LeaseLost
from tests.workers.jobs import InlinePool, held_work, read_job
from tests.workers.remote_calls import divide
from workers.pool import Failure, Finished
from workers.problems import WorkFailed
from workers.work import COMMAND_POLL_S, Commanded, Stopping, Work


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts)


def test_run_returns_what_the_call_does(work: Work) -> None:
    assert work.run("a division", divide, work.pool.place(4)) == 0.25


def test_run_tells_which_work_failed_and_how(work: Work) -> None:
    with pytest.raises(WorkFailed, match="a division: ZeroDivisionError: division by zero") as e:
        work.run("a division", divide, 0)
    assert e.value.kind == "ZeroDivisionError"


def test_run_waits_until_the_call_has_ended(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(work.pool, InlinePool)
    rounds = iter([[], [], [Finished("x", 7, 1)]])
    monkeypatch.setattr(work.pool, "wait", lambda _: next(rounds))
    assert work.run("x", divide, 1) == 7


def test_other_calls_that_end_meanwhile_are_told_later(work: Work) -> None:
    assert isinstance(work.pool, InlinePool)
    work.pool.send(3, divide, 2)
    assert work.run("a division", divide, 4) == 0.25
    assert work.under_way() == {3}
    (other,) = work.wait()
    assert (other.key, other.value) == (3, 0.5)
    assert work.under_way() == set()


def test_the_stage_tells_which_machine_calls_wait_for(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.writer.set_stage("training students")
    rounds = iter(["", "cpus 8", "cpus 8", "cpus 16; cpus 8", ""])

    def wait(_: float) -> list[Finished]:
        work.pool.missing = next(rounds)
        return []

    monkeypatch.setattr(work.pool, "wait", wait)
    stages = []
    for _ in range(5):
        work.wait()
        stages.append(read_job(work.database, work.job.id).stage)
    waits = "training students; waits, as no machine has cpus"
    assert stages == [
        "training students",
        f"{waits} 8",
        f"{waits} 8",
        f"{waits} 16; cpus 8",
        "training students",
    ]


def _lose(work: Work) -> None:
    work.lost.set()


def _stop(work: Work) -> None:
    work.stop.set()


def _pause(work: Work) -> None:
    with work.database.write() as session:
        pause(session, work.job.id)


@pytest.mark.parametrize(
    ("act", "error"), [(_lose, LeaseLost), (_stop, Stopping), (_pause, Commanded)]
)
def test_what_interrupts_is_noticed_before_the_next_wait(
    act: Callable[[Work], None], error: type[Exception], work: Work
) -> None:
    work.check()
    act(work)
    work.clock = lambda: 1e9
    with pytest.raises(error):
        work.wait()


def test_commands_are_asked_for_once_in_a_while(work: Work) -> None:
    now = 100.0
    work.clock = lambda: now
    work.check()
    _pause(work)
    now += COMMAND_POLL_S / 2
    work.check()
    now += COMMAND_POLL_S / 2
    with pytest.raises(Commanded) as caught:
        work.check()
    assert caught.value.command == "pause"


@pytest.mark.parametrize("taken_back", [False, True])
def test_calls_that_a_command_ended_have_not_come_to_their_end(
    taken_back: bool, work: Work
) -> None:
    work.check()
    work.pool.send(3, divide, 2)
    assert work.under_way() == {3}
    _pause(work)
    work.pool.cancel()  # as the thread does that looks for commands
    if taken_back:
        with work.database.write() as session:
            resume(session, work.job.id)
    for ask in (work.under_way, work.wait, work.check):
        with pytest.raises(Commanded) as caught:
            ask()
        assert caught.value.command == "pause"


def test_calls_that_ended_with_the_lease_have_not_come_to_their_end(work: Work) -> None:
    work.lost.set()
    work.pool.cancel()  # as the lease's keeper does
    with pytest.raises(LeaseLost):
        work.under_way()


def test_keys_are_the_job_s_own(work: Work) -> None:
    assert work.key("a.bin") == f"jobs/{work.job.id}/a.bin"


def test_a_failure_s_evidence_is_logged(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(work.pool, InlinePool)
    work.pool.before = lambda _: Failure("Boom", "it broke", "line 7")
    with pytest.raises(WorkFailed):
        work.run("x", threading.active_count)
    assert work.job.id in caplog.text
    assert "line 7" in caplog.text
