from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest
import torch

from stillhouse import AsyncClient, Client, Refused
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document
from tests.stillhouse.little import little

T = TypeVar("T")
REQUEST = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillhouse.async_job.POLL_S", 0.0)


def run(fake: FakeServer, call: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def called() -> T:
        async with AsyncClient("http://fake", "shk_1", transport=fake.transport) as client:
            return await call(client)

    return asyncio.run(called())


def public(kind: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(member).parameters)
        for name, member in vars(kind).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


def test_it_has_every_call_of_the_other_client_with_the_same_arguments() -> None:
    assert public(AsyncClient) == public(Client)


def test_a_network_becomes_a_student(fake: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    fake.jobs = [job_document(state=state) for state in ("queued", "queued", "paused", "succeeded")]
    fake.files = {"student.pt2": b"graph"}
    example = torch.zeros(1, 1, 8, 8)
    student = run(
        fake,
        lambda client: client.compress(
            little(), example, dataset="digits", constraints={"params": 9}, search={"seed": 1}
        ),
    )
    assert (student.id, student.score) == ("std_1", 0.9912)
    assert fake.bodies("/v1/jobs") == [
        {
            "name": "Little on digits",
            "search": {"seed": 1},
            "constraints": {"params": 9},
            "teacher": {"id": "tch_1"},
            "dataset": {"name": "digits"},
        }
    ]
    said = capsys.readouterr().out
    assert said.startswith("Little: 5 weighted layers")
    assert f"{JOB_ID} succeeded" in said
    assert {r.headers["authorization"] for r in fake.requests} == {"Bearer shk_1"}


def test_who_cancels_it_leaves_the_job_and_is_told_how_to_come_back(fake: FakeServer) -> None:
    said: list[str] = []

    async def cancelled(client: AsyncClient) -> None:
        call = client.compress("zoo/resnet20", dataset="digits", show=said.append)
        task = asyncio.create_task(call)
        while not any(request.url.path.endswith("/trials") for request in fake.requests):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(fake, cancelled)
    assert f'client.job("{JOB_ID}")' in said[0]
    assert not any(request.url.path.endswith("/cancel") for request in fake.requests)


def test_many_wait_at_once_without_a_thread_for_each(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillhouse.async_client._THREADS", 1)

    async def waited(client: AsyncClient) -> list[str]:
        jobs = [await client.job(JOB_ID) for _ in range(5)]
        waiting = [asyncio.create_task(job.wait(poll_s=0)) for job in jobs]
        await client.job(JOB_ID)  # has its turn beside those that wait
        fake.jobs = [job_document(state="succeeded")]
        return [(await task).state for task in waiting]

    assert run(fake, waited) == ["succeeded"] * 5


def test_lists(fake: FakeServer) -> None:
    async def listed(client: AsyncClient) -> list[str]:
        jobs = [job.id async for job in client.jobs()]
        teachers = [teacher.id async for teacher in client.teachers()]
        datasets = [str(dataset["id"]) async for dataset in client.datasets()]
        return jobs + teachers + datasets + [str(e["id"]) async for e in client.embeddings()]

    assert run(fake, listed) == [JOB_ID, "tch_1", "dst_1", "emb_2", "emb_1"]


def test_the_rest_is_what_the_other_client_does(fake: FakeServer) -> None:
    async def called(client: AsyncClient) -> list[object]:
        arrays = (torch.zeros(6, 8, 8, dtype=torch.uint8), torch.arange(6) % 2)
        shape = torch.zeros(1, 1, 8, 8)
        teacher = await client.upload_teacher(little(), example=shape, show=lambda _: None)
        job = await client.submit({"dataset": {"name": "digits"}}, teacher)
        estimate = await client.estimate(REQUEST)
        dataset = await client.upload_dataset(arrays)
        return [teacher.state, job.id, estimate.feasible, dataset["id"], await client.ready()]

    assert run(fake, called) == ["ready", JOB_ID, True, "dst_1", True]


def test_a_refusal_is_raised_where_it_is_awaited(fake: FakeServer) -> None:
    with pytest.raises(Refused, match="no job"):
        run(fake, lambda client: client.job("job_none"))


def test_many_calls_at_once_are_slowed_down_and_not_refused(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillhouse.patience._SHORTEST_S", 0.0)
    headers = {"Retry-After": "0"}
    fake.later = [httpx.Response(429, headers=headers, json={}) for _ in range(12)]

    async def gathered(client: AsyncClient) -> list[str]:
        return [job.id for job in await asyncio.gather(*(client.job(JOB_ID) for _ in range(50)))]

    assert run(fake, gathered) == [JOB_ID] * 50


def test_who_cancels_a_call_that_waits_is_not_kept_and_it_is_not_sent(fake: FakeServer) -> None:
    fake.later = [httpx.Response(429, headers={"Retry-After": "60"}, json={})]

    async def cancelled(client: AsyncClient) -> None:
        task = asyncio.create_task(client.submit(REQUEST))
        while not fake.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = time.monotonic()
    run(fake, cancelled)  # closing the client waits for its threads
    assert time.monotonic() - started < 30
    assert len(fake.requests) == 1
