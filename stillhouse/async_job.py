"""A job for programs with an event loop; `Job` tells what its calls do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from stillhouse.documents import JobStatus, Trial
from stillhouse.errors import WaitedTooLong
from stillhouse.following import POLL_S, Follower, Look
from stillhouse.job import Job
from stillhouse.students import ParetoSet, ParetoTrial, Student

if TYPE_CHECKING:
    from pandas import DataFrame

P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """Makes a call that blocks, beside the event loop."""

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns what the call returns."""


class AsyncJob:
    """One compression request and what became of it.

    Args:
        job: The job whose calls block.
        run: Makes them.
    """

    def __init__(self, job: Job, run: Run) -> None:
        self._job = job
        self._run = run

    def __repr__(self) -> str:
        return f"<AsyncJob {self.id} {self.state}>"

    @property
    def status(self) -> JobStatus:
        """The job as the server last described it; `refresh` asks again."""
        return self._job.status

    @property
    def id(self) -> str:
        """The job's id."""
        return self._job.id

    @property
    def state(self) -> str:
        """The job's state when it was last asked for."""
        return self._job.state

    @property
    def embedding(self) -> str | None:
        """The id of what it learned, once it has succeeded."""
        return self._job.embedding

    async def refresh(self) -> AsyncJob:
        """Asks the server how the job is; returns the job itself."""
        await self._run(self._job.refresh)
        return self

    async def follow(self, *, through_pauses: bool = False) -> AsyncIterator[Look]:
        """Yields looks at the job; the last one is of its end, or of its pause."""
        follower = Follower(self._job)
        while True:
            look = await self._run(follower.look)
            yield look
            if look.status.finished or (look.status.state == "paused" and not through_pauses):
                return
            await asyncio.sleep(POLL_S)

    async def wait(self, timeout_s: float | None = None, poll_s: float = 1.0) -> AsyncJob:
        """Returns once the job has succeeded.

        Raises:
            JobFailed: It failed or was cancelled.
            WaitedTooLong: `timeout_s` passed first; the job goes on.
        """
        started = time.monotonic()
        while not (await self.refresh()).status.finished:
            if timeout_s is not None and time.monotonic() - started >= timeout_s:
                msg = f"{self.id} is still {self.state} after {timeout_s:g} s"
                raise WaitedTooLong(msg)
            await asyncio.sleep(poll_s)
        self._job.require_success()
        return self

    async def trials(self, first: int = 0) -> list[Trial]:
        """Returns the job's trials by number, those from the number `first` on."""
        return await self._run(self._job.trials, first)

    async def trials_frame(self) -> DataFrame:
        """Returns the trials as a table of pandas."""
        return await self._run(self._job.trials_frame)

    async def pareto(self) -> list[ParetoTrial]:
        """Returns the completed trials that no other beats on accuracy and costs."""
        return await self._run(self._job.pareto)

    async def pareto_set(self) -> ParetoSet:
        """Returns the same trials with the names of the costs."""
        return await self._run(self._job.pareto_set)

    async def best(self) -> Student:
        """Returns the best student so far. Its own calls block: `asyncio.to_thread` them."""
        return await self._run(self._job.best)

    async def download(self, directory: Path | str, student: Student | None = None) -> Student:
        """Fetches a student's files into a directory; returns the student."""
        return await self._run(self._job.download, directory, student)

    async def students(self) -> list[Student]:
        """Returns the students that trials became so far, the oldest first."""
        return await self._run(self._job.students)

    async def delete(self) -> None:
        """Deletes the job, which must have ended, with its trials, students and embedding."""
        await self._run(self._job.delete)

    async def cancel(self) -> AsyncJob:
        """Ends the job; its finished trials stay."""
        await self._run(self._job.cancel)
        return self

    async def pause(self) -> AsyncJob:
        """Stops the job for now; its finished trials stay and `resume` goes on from them."""
        await self._run(self._job.pause)
        return self

    async def resume(self) -> AsyncJob:
        """Lets a paused job go on."""
        await self._run(self._job.resume)
        return self
