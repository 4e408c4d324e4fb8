"""The same client for programs with an event loop.

Every call of `Client` is one of `AsyncClient`, to be awaited. Requests, tracing and the reading and
writing of files block, so they are done by a few threads; waiting for a job is done by the loop and
ends at once when its task is cancelled. A request that is under way then is carried out all the
same: a cancelled `submit` may have submitted. One that waits to be sent again isn't.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, Unpack

import httpx
from rich.console import Console

from stillhouse.async_job import AsyncJob
from stillhouse.client import Client
from stillhouse.compressing import Fields, begin, expect_fields, left_running
from stillhouse.documents import Document, Estimate, UploadedTeacher
from stillhouse.patience import PATIENCE_S
from stillhouse.progress import progress
from stillhouse.students import Student
from stillhouse.trial_logs import from_environment, logged

if TYPE_CHECKING:
    from torch import Tensor, nn

    from stillhouse.client import TeacherFrom
    from stillhouse.dataset_source import Arrays, DatasetFrom
    from stillhouse.local_teacher import Preprocessing
    from stillhouse.teacher_source import TeacherSource

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 8  # calls at once; more wait for their turn


class AsyncClient:
    """A Stillhouse server, seen from Python with an event loop; `Client` tells what calls do.

    Args:
        url: The server's address; without one `STILLHOUSE_URL`, or this machine's own.
        key: An API key of the server's; without one `STILLHOUSE_KEY`, or none is sent.
        transport: Replaces the network, as tests do.
        patience_s: As of `Client`; a call that is cancelled waits no longer.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._call = threading.local()  # `left`: set once nobody awaits the thread's call
        self._client = Client(
            url, key, transport=transport, sleep=self._pause, patience_s=patience_s
        )
        self._threads = ThreadPoolExecutor(_THREADS, "stillhouse")
        self.url = self._client.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections, after the calls that are under way."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._client.close()

    async def compress(
        self,
        model: TeacherFrom,
        example: Tensor | None = None,
        *,
        dataset: DatasetFrom,
        constraints: Mapping[str, float] | None = None,
        preprocessing: Preprocessing | None = None,
        show: Callable[[str], None] = print,
        **fields: Unpack[Fields],
    ) -> Student:
        """Returns the best student of a network; whoever cancels it leaves the job running."""
        expect_fields(fields)
        logs = from_environment(os.environ)
        request = {**fields, "constraints": dict(constraints or {})}
        begun = await self._run(
            begin, self._client, model, example, dataset, preprocessing, request, show
        )
        job = AsyncJob(begun, self._run)
        with left_running(begun, show), logged(logs, show) as log, progress(Console()) as shown:
            async for look in job.follow(through_pauses=True):
                shown(look)
                await self._run(log, look)
        begun.require_success()
        return await job.best()

    async def submit(
        self,
        request: Mapping[str, Any],
        teacher: TeacherFrom | None = None,
        *,
        example: Tensor | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> AsyncJob:
        """Returns the job that the server made of a request."""
        submit = partial(self._client.submit, example=example, preprocessing=preprocessing)
        return AsyncJob(await self._run(submit, request, teacher), self._run)

    async def estimate(
        self,
        request: Mapping[str, Any],
        teacher: TeacherFrom | None = None,
        *,
        example: Tensor | None = None,
        preprocessing: Preprocessing | None = None,
        timeout_s: float = 300.0,
    ) -> Estimate:
        """Returns what a job would find and take; nothing is trained."""
        estimate = partial(self._client.estimate, example=example, preprocessing=preprocessing)
        return await self._run(partial(estimate, timeout_s=timeout_s), request, teacher)

    async def upload_teacher(
        self,
        teacher: nn.Module | Path | str,
        *,
        example: Tensor | None = None,
        preprocessing: Preprocessing | None = None,
        network: str | None = None,
        input_shape: Sequence[int] | None = None,
        show: Callable[[str], None] = print,
        timeout_s: float = 300.0,
    ) -> UploadedTeacher:
        """Returns a network of your own as a teacher that jobs can name, once it is checked."""
        upload = partial(
            self._client.upload_teacher,
            example=example,
            preprocessing=preprocessing,
            network=network,
            input_shape=input_shape,
            show=show,
            timeout_s=timeout_s,
        )
        return await self._run(upload, teacher)

    async def upload_source(
        self, source: TeacherSource, timeout_s: float = 300.0
    ) -> UploadedTeacher:
        """Returns the teacher of `teacher_source.source_of`, uploaded and checked."""
        return await self._run(self._client.upload_source, source, timeout_s)

    async def upload_dataset(
        self, dataset: Path | str | Arrays, name: str | None = None
    ) -> Document:
        """Returns the dataset made of a file, a folder or arrays."""
        return await self._run(self._client.upload_dataset, dataset, name)

    async def job(self, job_id: str) -> AsyncJob:
        """Returns the job with an id, as it is now."""
        return AsyncJob(await self._run(self._client.job, job_id), self._run)

    async def jobs(self) -> AsyncIterator[AsyncJob]:
        """Yields all jobs, newest first."""
        async for job in self._each(self._client.jobs()):
            yield AsyncJob(job, self._run)

    def teachers(self) -> AsyncIterator[UploadedTeacher]:
        """Yields the uploaded teachers, newest first."""
        return self._each(self._client.teachers())

    def datasets(self) -> AsyncIterator[Document]:
        """Yields the uploaded datasets, newest first."""
        return self._each(self._client.datasets())

    def embeddings(self) -> AsyncIterator[Document]:
        """Yields the saved embeddings, newest first."""
        return self._each(self._client.embeddings())

    async def delete(self, id_: str) -> None:
        """Deletes a job that has ended, a dataset, a teacher or an embedding, with its files."""
        await self._run(self._client.delete, id_)

    async def on_record(self, id_: str) -> Document:
        """Returns the document of a job, a dataset, a teacher or an embedding."""
        return await self._run(self._client.on_record, id_)

    async def server(self) -> Document:
        """Returns what the server tells of itself."""
        return await self._run(self._client.server)

    async def ready(self) -> bool:
        """Returns whether the server answers and its database is there and migrated."""
        return await self._run(self._client.ready)

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns what a call returns, which one of the threads makes."""
        left = threading.Event()

        def called() -> T:
            self._call.left = left
            return call(*args, **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, called)
        except asyncio.CancelledError:
            left.set()
            raise

    def _pause(self, seconds: float) -> None:
        """Waits in one of the threads; a call that nobody awaits any more ends instead."""
        if self._call.left.wait(seconds):
            raise concurrent.futures.CancelledError

    async def _each(self, items: Iterator[T]) -> AsyncIterator[T]:
        """Yields the items of a list that is read page by page."""
        while page := await self._run(lambda: list(islice(items, 1))):
            yield page[0]
