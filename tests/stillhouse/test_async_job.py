from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from stillhouse import AsyncClient, AsyncJob, Job, JobFailed, WaitedTooLong
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document, trial_document

T = TypeVar("T")


def run(fake: FakeServer, call: Callable[[AsyncJob], Awaitable[T]]) -> T:
    async def called() -> T:
        async with AsyncClient("http://fake", transport=fake.transport) as client:
            return await call(await client.job(JOB_ID))

    return asyncio.run(called())


def public(kind: type) -> set[str]:
    members = inspect.getmembers(
        kind, lambda one: inspect.isfunction(one) or isinstance(one, property)
    )
    return {name for name, _ in members if not name.startswith("_")}


def test_it_has_every_call_of_the_other_job() -> None:
    assert public(Job) - public(AsyncJob) == {"require_success", "changed", "is_tagged"}


def test_it_is_followed_to_its_end(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillhouse.async_job.POLL_S", 0.0)
    states = ["queued", "queued", "searching", "paused", "succeeded"]
    fake.jobs = [job_document(state=state) for state in states]

    async def followed(job: AsyncJob) -> list[list[str]]:
        to_a_pause = [look.status.state async for look in job.follow()]
        return [to_a_pause, [look.status.state async for look in job.follow(through_pauses=True)]]

    assert run(fake, followed) == [["queued", "searching", "paused"], ["succeeded"]]


def test_waiting_raises_why_it_failed(fake: FakeServer) -> None:
    fake.jobs = [job_document(state="failed", error={"detail": "no better than chance"})]
    with pytest.raises(JobFailed, match="no better than chance"):
        run(fake, lambda job: job.wait())


def test_waiting_has_an_end(fake: FakeServer) -> None:
    with pytest.raises(WaitedTooLong, match="still searching after 0 s"):
        run(fake, lambda job: job.wait(timeout_s=0))


def test_commands_reach_the_server(fake: FakeServer) -> None:
    async def commanded(job: AsyncJob) -> list[str]:
        found = []
        for command in (job.pause, job.resume, job.cancel):
            fake.jobs.clear()
            found.append((await command()).state)
        return found

    assert run(fake, commanded) == ["paused", "queued", "cancelled"]


def test_its_trials_and_students(fake: FakeServer, tmp_path: Path) -> None:
    fake.files = {"student.pt2": b"graph"}
    fake.pareto = [trial_document(3)]

    async def looked(job: AsyncJob) -> list[object]:
        trials = [trial.number for trial in await job.trials(3)]
        pareto = [trial.number for trial in await job.pareto()]
        costs = (await job.pareto_set()).costs
        await job.download(tmp_path)
        return [trials, pareto, costs, (await job.best()).id, job.embedding]

    assert run(fake, looked) == [[3, 4], [3], ("macs", "bytes"), "std_1", None]
    assert (tmp_path / "student.pt2").read_bytes() == b"graph"
