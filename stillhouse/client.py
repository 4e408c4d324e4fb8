"""The Python client: jobs, datasets and embeddings of one server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from stillhouse.documents import Document, JobStatus
from stillhouse.job import Job
from stillhouse.transport import Transport

DEFAULT_URL = "http://127.0.0.1:8000"


class Client:
    """A Stillhouse server, seen from Python.

    Every method raises Refused with the server's problem document when the server says no, and
    Unreachable when nothing answers.

    Args:
        url: The server's address.
        transport: Replaces the network, as tests do.
        sleep: Waits before a server that answered before, and is silent now, is asked again.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(url, transport, sleep)
        self.url = self._transport.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def submit(self, request: Mapping[str, Any]) -> Job:
        """Returns the job that the server made of a request (the body of `POST /v1/jobs`)."""
        created = self._transport.post("/v1/jobs", request)
        return self.job(str(created["id"]))

    def job(self, job_id: str) -> Job:
        """Returns the job with an id, as it is now."""
        document = self._transport.get(f"/v1/jobs/{quote(job_id, safe='')}")
        return Job(self._transport, JobStatus.read(document))

    def jobs(self) -> Iterator[Job]:
        """Yields all jobs, newest first; a page is fetched when it is reached."""
        for document in self._transport.items("/v1/jobs"):
            yield Job(self._transport, JobStatus.read(document))

    def upload_dataset(self, path: Path | str, name: str | None = None) -> Document:
        """Returns the dataset made of an `.npz` (`images`, `labels`, …); its `id` names it in jobs.

        Raises:
            OSError: The file can't be read here.
            Refused: The file isn't a dataset; the problem says what is wrong with it.
        """
        path = Path(path)
        with path.open("rb") as file:
            content = {"file": (path.name, file, "application/octet-stream")}
            form = {"name": name or path.stem}
            return self._transport.upload("/v1/datasets", content, form)

    def datasets(self) -> Iterator[Document]:
        """Yields the uploaded datasets, newest first."""
        return self._transport.items("/v1/datasets")

    def embeddings(self) -> Iterator[Document]:
        """Yields the saved embeddings: each finished search's, newest first."""
        return self._transport.items("/v1/embeddings")

    def ready(self) -> bool:
        """Returns whether the server answers and its database is there and migrated."""
        return self._transport.ready()
