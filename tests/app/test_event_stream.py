import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from app import event_stream, job_commands
from app.database import Database
from app.event_stream import EventStream, is_over
from app.events import news_of
from app.known import Known
from app.problems import NotFound
from app.services import Services
from app.tables import Job
from app.watch import Watch
from tests.app.samples import new_job

SOON_S = 30.0
API = Path(__file__).parents[2] / "docs" / "api.md"


class Reader:
    """A client of a stream; reads until a test has it stop reading, or go."""

    def __init__(self, stream: EventStream) -> None:
        self.messages: list[Message] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.came = asyncio.Event()
        self.task = asyncio.create_task(stream({"type": "http"}, self._receive, self._send))

    async def until(self, text: str) -> str:
        while text not in self.text:
            self.came.clear()
            await self.came.wait()
        return self.text

    @property
    def text(self) -> str:
        return b"".join(one.get("body", b"") for one in self.messages).decode()

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        self.messages.append(message)
        self.came.set()


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(main(), SOON_S))


@pytest.fixture
def quick(services: Services) -> Services:
    """Returns services that look at what is watched all the time."""
    usual = services.watch
    vars(services)["watch"] = Watch(usual._look, most=600, every_s=0.001)
    return services


def cancel(database: Database, job: str) -> None:
    with database.write() as session:
        job_commands.cancel(session, job)


def test_a_stream_goes_on_until_the_job_has_ended(quick: Services, database: Database) -> None:
    job = new_job(database)

    async def main() -> None:
        reader = Reader(EventStream(quick, job, Known()))
        await reader.until('"state":"queued"')
        cancel(database, job)
        await reader.task
        text = reader.text
        assert text.startswith("retry: 2000\n\n")
        assert text.count("event: state\n") == 2
        assert '"state":"cancelled"' in text
        assert reader.messages[-1] == {
            "type": "http.response.body",
            "body": b"",
            "more_body": False,
        }
        headers = dict(reader.messages[0]["headers"])
        assert headers[b"content-type"].startswith(b"text/event-stream")
        assert headers[b"cache-control"] == b"no-store"

    run(main)


def test_a_quiet_stream_is_kept_alive(
    quick: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_S", 0.001)
    job = new_job(database)

    async def main() -> None:
        reader = Reader(EventStream(quick, job, Known()))
        text = await reader.until(": still here\n\n: still here\n\n")
        assert text.count("event:") == 1
        reader.task.cancel()

    run(main)


def test_a_quiet_stream_says_so_as_often_as_is_documented() -> None:
    told = re.search(r"a comment \(`: still here`\) comes every (\d+) seconds", API.read_text())
    assert told is not None
    assert float(told[1]) == event_stream.KEEP_ALIVE_S
    assert event_stream.KEEP_ALIVE_S <= 30  # many a proxy lets go of what is silent for a minute


def test_who_stops_reading_is_told_the_newest_later_and_nothing_piles_up(
    quick: Services, database: Database
) -> None:
    job = new_job(database)

    async def main() -> None:
        reader = Reader(EventStream(quick, job, Known()))
        await reader.until('"state":"queued"')
        reader.reads.clear()
        for _ in range(20):
            with database.write() as session:
                job_commands.pause(session, job)
                job_commands.resume(session, job)
        cancel(database, job)
        reader.reads.set()
        await reader.task
        assert len(reader.messages) <= 7
        assert reader.text.count('"state":"paused"') == 20

    run(main)


def test_who_never_reads_is_let_go(
    quick: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_UNREAD_S", 0.01)
    job = new_job(database)

    async def main() -> None:
        reader = Reader(EventStream(quick, job, Known()))
        reader.reads.clear()
        await reader.task
        assert quick.watch._places.taken == 0

    run(main)


def test_streams_end_when_the_server_stops_or_the_job_is_deleted(
    quick: Services, database: Database
) -> None:
    job, other = new_job(database), new_job(database)

    async def main() -> None:
        reader = Reader(EventStream(quick, job, Known()))
        await reader.until("queued")
        stopping = Reader(EventStream(quick, other, Known()))
        await stopping.until("queued")
        with database.write() as session:
            session.delete(session.get(Job, job))
        await reader.task
        await quick.watch.close()
        await stopping.task

    run(main)


def test_many_streams_take_as_many_reads_as_one(quick: Services, database: Database) -> None:
    job = new_job(database)
    reads: list[str] = []

    def counting(database: Database, job_id: str, known: Known) -> object:
        reads.append(str(known))
        return news_of(database, job_id, known)

    async def main() -> None:
        readers = [Reader(EventStream(quick, job, Known())) for _ in range(200)]
        for reader in readers:
            await reader.until('"state":"queued"')
        cancel(database, job)
        await asyncio.gather(*(reader.task for reader in readers))
        assert {reader.text.count("event: state") for reader in readers} == {2}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_stream, "news_of", counting)
        run(main)
    assert len(reads) <= 10


def test_it_is_over_once_all_is_known_of_an_ended_job(
    database: Database, services: Services
) -> None:
    job = new_job(database)
    assert not is_over(services, job, Known())
    known = news_of(database, job, Known()).known
    assert not is_over(services, job, known)
    cancel(database, job)
    assert not is_over(services, job, known)
    assert is_over(services, job, news_of(database, job, known).known)
    with pytest.raises(NotFound):
        is_over(services, "job_" + "a" * 22, Known())
