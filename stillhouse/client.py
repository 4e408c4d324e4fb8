"""The Python client: jobs, estimates, teachers, datasets and embeddings of one server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack
from urllib.parse import quote

import httpx
from rich.console import Console

from stillhouse.compressing import Fields, begin, expect_fields, left_running
from stillhouse.documents import Document, Estimate, JobStatus, UploadedTeacher
from stillhouse.errors import EstimateFailed
from stillhouse.following import follow, patience_s
from stillhouse.ids import path_of
from stillhouse.job import Job
from stillhouse.local_teacher import Preprocessing
from stillhouse.patience import PATIENCE_S
from stillhouse.polling import wait_for
from stillhouse.progress import progress
from stillhouse.students import Student
from stillhouse.teacher_source import TeacherSource, source_of
from stillhouse.transport import Transport
from stillhouse.trial_logs import from_environment, logged
from stillhouse.uploads import send_dataset, send_teacher

if TYPE_CHECKING:
    from torch import Tensor, nn

    from stillhouse.dataset_source import Arrays, DatasetFrom

    TeacherFrom = nn.Module | Path | str | UploadedTeacher

DEFAULT_URL = "http://127.0.0.1:8000"


class Client:
    """A Stillhouse server, seen from Python.

    Every method raises Refused with the server's problem document when the server says no, and
    Unreachable when nothing answers.

    Args:
        url: The server's address; without one `STILLHOUSE_URL`, or this machine's own.
        key: An API key of the server's; without one `STILLHOUSE_KEY`, or none is sent.
        transport: Replaces the network, as tests do.
        sleep: Waits before a server that is silent now, or says later, is asked again.
        patience_s: How long in all a call waits for a server that says later (429, 503 with
            `Retry-After`); what would take longer is raised at once.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
    ) -> None:
        server = url or os.environ.get("STILLHOUSE_URL", DEFAULT_URL)
        key = key or os.environ.get("STILLHOUSE_KEY")
        self._transport = Transport(server, transport, sleep, key, patience_s)
        self._sleep = sleep
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

    def compress(
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
        """Returns the best student of a network: traced here, searched there, waited for.

        How far it is shows as a bar in a terminal, as an element of the page in a notebook and as
        lines elsewhere. Whoever interrupts it, by Ctrl-C, leaves the job running.

        Args:
            model: A module, or a file of one, as of `upload_teacher`; the id of an uploaded one,
                `tch_…`; or a name such as `torchvision/resnet18`.
            example: As of `upload_teacher`.
            dataset: A name, an uploaded one's id (`dst_…`), or what `upload_dataset` takes.
            constraints: Such as `{"params_ratio": 0.25}` or `{"latency_ms": 2}`; none by default.
            preprocessing: As of `upload_teacher`.
            show: Takes what was found in the module and the images, and how to come back to a job
                that was left.
            fields: The request's other fields, such as `search={"evaluations": 20}`. Without a
                `name` the job is called after the network and the data set.

        Raises:
            UnusableTeacher: It can't be read or traced on this machine.
            UnusableDataset: The images can't be a data set.
            TeacherRejected: The server has checked the network, and says what is wrong with it.
            JobFailed: The job failed or was cancelled.
        """
        expect_fields(fields)
        logs = from_environment(os.environ)
        request = {**fields, "constraints": dict(constraints or {})}
        job = begin(self, model, example, dataset, preprocessing, request, show)
        console = Console()
        every_s = patience_s(console)
        with left_running(job, show), logged(logs, show) as log, progress(console) as shown:
            for look in follow(job, self._sleep, through_pauses=True, every_s=every_s):
                shown(look)
                log(look)
        job.require_success()
        return job.best()

    def submit(
        self,
        request: Mapping[str, Any],
        teacher: TeacherFrom | None = None,
        *,
        example: Tensor | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> Job:
        """Returns the job that the server made of a request (the body of `POST /v1/jobs`).

        Args:
            request: The body; it names its teacher, unless that is given here.
            teacher: Uploaded first, as `upload_teacher` does; or one that was uploaded.
            example: As of `upload_teacher`.
            preprocessing: As of `upload_teacher`.
        """
        body = self._with_teacher(request, teacher, example, preprocessing)
        created = self._transport.post_once("/v1/jobs", body)
        return self.job(str(created["id"]))

    def estimate(
        self,
        request: Mapping[str, Any],
        teacher: TeacherFrom | None = None,
        *,
        example: Tensor | None = None,
        preprocessing: Preprocessing | None = None,
        timeout_s: float = 300.0,
    ) -> Estimate:
        """Returns what a job would find and take, in about ten seconds; nothing is trained.

        Args:
            request: As of `submit`.
            teacher: As of `submit`.
            example: As of `submit`.
            preprocessing: As of `submit`.
            timeout_s: How long to wait for it: an estimate has its turn after those before it.

        Raises:
            EstimateFailed: The job couldn't be carried out; says why.
            WaitedTooLong: `timeout_s` passed first.
        """
        body = self._with_teacher(request, teacher, example, preprocessing)
        path = f"/v1/estimates/{self._transport.post_once('/v1/estimates', body)['id']}"
        found = wait_for(
            lambda: Estimate.read(self._transport.get(path)),
            lambda estimate: estimate.finished,
            "the estimate",
            timeout_s,
            sleep=self._sleep,
        )
        if found.result is None:
            raise EstimateFailed(found.error)
        return found

    def upload_teacher(
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
        """Returns a network of your own as a teacher that jobs can name, once it is checked.

        A module is traced on this machine: its graph and its weights are sent, never its code.

        Args:
            teacher: Any module that takes a batch of images and returns logits; or the path of a
                `.pt2`, an `.onnx`, an `architecture.json` beside its `.safetensors`, the
                `.safetensors` of a named network, or a downloaded student's folder.
            example: A batch of images as the module takes it, float `n x C x H x W`.
            preprocessing: `scale`, `mean` and `std` of `x = (image / scale - mean) / std`, as the
                network was trained with; without it images are standardised by the dataset.
            network: Whose weights a `.safetensors` holds, such as `torchvision/resnet18`.
            input_shape: Channels, height and width of the named network's images; its usual size
                by default.
            show: Takes what was found in a network that is traced here.
            timeout_s: How long to wait for the check.

        Raises:
            UnusableTeacher: It can't be read or traced on this machine.
            TeacherRejected: The server has checked it, and says what is wrong with it.
            WaitedTooLong: `timeout_s` passed first.
        """
        with source_of(
            teacher,
            example=example,
            preprocessing=preprocessing,
            network=network,
            input_shape=input_shape,
            say=show,
        ) as source:
            return self.upload_source(source, timeout_s)

    def upload_source(self, source: TeacherSource, timeout_s: float = 300.0) -> UploadedTeacher:
        """Returns the teacher of `teacher_source.source_of`, uploaded and checked."""
        return send_teacher(self._transport, source, timeout_s, self._sleep)

    def teachers(self) -> Iterator[UploadedTeacher]:
        """Yields the uploaded teachers, newest first."""
        return (UploadedTeacher.read(item) for item in self._transport.items("/v1/teachers"))

    def _with_teacher(
        self,
        request: Mapping[str, Any],
        teacher: TeacherFrom | None,
        example: Tensor | None,
        preprocessing: Preprocessing | None,
    ) -> Mapping[str, Any]:
        """Returns the request with the teacher that was uploaded for it, if one is given."""
        if teacher is None:
            return request
        if not isinstance(teacher, UploadedTeacher):
            teacher = self.upload_teacher(teacher, example=example, preprocessing=preprocessing)
        return {**request, "teacher": {"id": teacher.id}}

    def job(self, job_id: str) -> Job:
        """Returns the job with an id, as it is now."""
        document = self._transport.get(f"/v1/jobs/{quote(job_id, safe='')}")
        return Job(self._transport, JobStatus.read(document))

    def jobs(self) -> Iterator[Job]:
        """Yields all jobs, newest first; a page is fetched when it is reached."""
        for document in self._transport.items("/v1/jobs"):
            yield Job(self._transport, JobStatus.read(document))

    def upload_dataset(self, dataset: Path | str | Arrays, name: str | None = None) -> Document:
        """Returns the dataset made of a file, a folder or arrays; its `id` names it in jobs.

        Args:
            dataset: An `.npz` (`images`, `labels`, …), a folder of image files (`train/CLASS/FILE`,
                `test/CLASS/FILE`, or `CLASS/FILE` alone), or a `.zip` of one; or arrays and
                tensors, `(images, labels)` or by these names, as `packed` takes them.
            name: What to call it; the file's or the folder's name by default.

        Raises:
            OSError: It can't be read here.
            UnusableDataset: The arrays aren't whole numbers from 0 to 255, or of a wrong shape.
            Refused: It isn't a dataset; the problem says what is wrong with it.
        """
        return send_dataset(self._transport, dataset, name)

    def datasets(self) -> Iterator[Document]:
        """Yields the uploaded datasets, newest first."""
        return self._transport.items("/v1/datasets")

    def embeddings(self) -> Iterator[Document]:
        """Yields the saved embeddings: each finished search's, newest first."""
        return self._transport.items("/v1/embeddings")

    def delete(self, id_: str) -> None:
        """Deletes a job that has ended, a dataset, a teacher or an embedding, with its files.

        Raises:
            UnknownKind: The id is of none of these.
            Refused: There is none (404), or something that has not ended uses it (409).
        """
        self._transport.delete(path_of(id_))

    def on_record(self, id_: str) -> Document:
        """Returns the document of a job, a dataset, a teacher or an embedding."""
        return self._transport.get(path_of(id_))

    def server(self) -> Document:
        """Returns what the server tells of itself: `version`, `key` and `coordinators`."""
        return self._transport.get("/v1/server")

    def ready(self) -> bool:
        """Returns whether the server answers and its database is there and migrated."""
        return self._transport.ready()
