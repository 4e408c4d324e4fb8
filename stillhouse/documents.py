"""The server's JSON documents as typed, immutable values.

Fields that a newer server adds are ignored, and `document` keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stillhouse.errors import NotAnswered

Document = Mapping[str, Any]

FINISHED = frozenset({"succeeded", "failed", "cancelled"})  # states of a job
UNFINISHED = frozenset({"queued", "running"})  # states of a trial


def required(document: Document, name: str) -> Any:  # noqa: ANN401
    """Returns a field of a document; raises NotAnswered if it isn't there."""
    if name not in document:
        msg = f"the server's answer has no field {name!r}"
        raise NotAnswered(msg)
    return document[name]


@dataclass(frozen=True)
class Teacher:
    """The teacher's cost and its accuracy on validation (0 to 1)."""

    params: int
    macs: int
    accuracy: float

    @classmethod
    def read(cls, document: Document) -> Teacher:
        """Returns the teacher of a job's document."""
        params, macs = required(document, "params"), required(document, "macs")
        return cls(int(params), int(macs), float(required(document, "accuracy")))


@dataclass(frozen=True)
class Progress:
    """How far a job's search is: the stage it is in and its trials by number."""

    stage: str
    completed: int
    running: int
    failed: int
    total: int
    stopped: int = 0

    @classmethod
    def read(cls, document: Document) -> Progress:
        """Returns the progress of a job's document."""
        names = ("completed", "running", "failed", "total")
        completed, running, failed, total = (int(required(document, name)) for name in names)
        stopped = int(document.get("stopped") or 0)
        return cls(str(document.get("stage") or ""), completed, running, failed, total, stopped)

    @property
    def tried(self) -> int:
        """How many trials have ended, in whatever way."""
        return self.completed + self.stopped + self.failed


@dataclass(frozen=True)
class Best:
    """The best student so far; `accuracy` is on validation, ratios are to the teacher."""

    trial: int
    student: str | None
    score: float
    accuracy: float
    params: int
    params_ratio: float
    macs: int
    macs_ratio: float

    @classmethod
    def read(cls, document: Document) -> Best:
        """Returns the best of a job's document."""
        return cls(
            trial=int(required(document, "trial")),
            student=document.get("student"),
            score=float(required(document, "score")),
            accuracy=float(required(document, "accuracy")),
            params=int(required(document, "params")),
            params_ratio=float(required(document, "params_ratio")),
            macs=int(required(document, "macs")),
            macs_ratio=float(required(document, "macs_ratio")),
        )


@dataclass(frozen=True)
class JobStatus:
    """A job as it was when the server answered; times are RFC 3339 in UTC."""

    id: str
    name: str | None
    state: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    request: Document
    teacher: Teacher | None
    progress: Progress
    best: Best | None
    embedding: str | None
    error: Document | None
    document: Document = field(repr=False)

    @property
    def finished(self) -> bool:
        """Whether the job has ended, in whatever way."""
        return self.state in FINISHED

    @classmethod
    def read(cls, document: Document) -> JobStatus:
        """Returns the job of `GET /v1/jobs/{id}`; raises NotAnswered on a missing field."""
        teacher, best = document.get("teacher"), document.get("best")
        return cls(
            id=str(required(document, "id")),
            name=document.get("name"),
            state=str(required(document, "state")),
            created_at=str(required(document, "created_at")),
            started_at=document.get("started_at"),
            finished_at=document.get("finished_at"),
            request=required(document, "request"),
            teacher=Teacher.read(teacher) if teacher else None,
            progress=Progress.read(required(document, "progress")),
            best=Best.read(best) if best else None,
            embedding=document.get("embedding"),
            error=document.get("error"),
            document=document,
        )


@dataclass(frozen=True)
class Trial:
    """One candidate being trained: its cost, and its measures once it is completed.

    Attributes:
        bytes: Of its weights.
        edits: What is removed of the teacher, and how wide it is.
        latency_ms: As it was measured, where the job needs it.
        reused_from: The `job` and `trial` whose result was taken over, where one was.
    """

    number: int
    state: str
    params: int
    macs: int
    bytes: int
    edits: Document
    accuracy: float | None
    score: float | None
    latency_ms: float | None
    duration_s: float | None
    epochs: int | None
    error: Document | None
    reused_from: Document | None
    document: Document = field(repr=False)

    @classmethod
    def read(cls, document: Document) -> Trial:
        """Returns one item of `GET /v1/jobs/{id}/trials`."""
        return cls(
            number=int(required(document, "number")),
            state=str(required(document, "state")),
            params=int(required(document, "params")),
            macs=int(required(document, "macs")),
            bytes=int(required(document, "bytes")),
            edits=required(document, "edits"),
            accuracy=document.get("accuracy"),
            score=document.get("score"),
            latency_ms=document.get("latency_ms"),
            duration_s=document.get("duration_s"),
            epochs=document.get("epochs"),
            error=document.get("error"),
            reused_from=document.get("reused_from"),
            document=document,
        )


@dataclass(frozen=True)
class StudentFile:
    """A file of a student as the server announces it; `href` is relative to the server."""

    name: str
    bytes: int
    sha256: str
    href: str

    @classmethod
    def read(cls, document: Document) -> StudentFile:
        """Returns one of a student's files."""
        name, size = str(required(document, "name")), int(required(document, "bytes"))
        return cls(name, size, str(required(document, "sha256")), str(required(document, "href")))


@dataclass(frozen=True)
class UploadedTeacher:
    """A teacher that was uploaded: `checking`, then `ready` or `rejected`.

    Attributes:
        summary: What was found in it, once it is ready.
        error: Why it was rejected, a problem document.
    """

    id: str
    name: str
    state: str
    summary: Document | None
    error: Document | None
    document: Document = field(repr=False)

    @property
    def checked(self) -> bool:
        """Whether the server has made up its mind."""
        return self.state != "checking"

    @classmethod
    def read(cls, document: Document) -> UploadedTeacher:
        """Returns the teacher of `GET /v1/teachers/{id}`."""
        return cls(
            id=str(required(document, "id")),
            name=str(required(document, "name")),
            state=str(required(document, "state")),
            summary=document.get("summary"),
            error=document.get("error"),
            document=document,
        )


@dataclass(frozen=True)
class Estimate:
    """What a job would find and take, before anything is trained.

    Attributes:
        result: Once it succeeded: `teacher`, `groups`, `frozen`, `space`, `constraints`, `latency`,
            `time` and `notes`.
        error: Why there is none, a problem document.
    """

    id: str
    state: str
    result: Document | None = field(repr=False)
    error: Document | None
    document: Document = field(repr=False)

    @property
    def finished(self) -> bool:
        """Whether there is an answer, of whatever kind."""
        return self.state in FINISHED

    @property
    def feasible(self) -> bool:
        """Whether a student was found that keeps the constraints; not, where it is open."""
        return bool(self._feasible)

    @property
    def infeasible(self) -> bool:
        """Whether no student keeps the constraints; not, where it is open."""
        return self._feasible is False

    @property
    def _feasible(self) -> bool | None:
        """None: latencies are known too roughly to tell."""
        found: bool | None = required(required(self.result or {}, "constraints"), "feasible")
        return found

    @classmethod
    def read(cls, document: Document) -> Estimate:
        """Returns the estimate of `GET /v1/estimates/{id}`."""
        return cls(
            id=str(required(document, "id")),
            state=str(required(document, "state")),
            result=document.get("result"),
            error=document.get("error"),
            document=document,
        )
