"""The server's JSON documents as typed, immutable values.

Fields that a newer server adds are ignored, and `document` keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stillhouse.errors import NotAnswered

Document = Mapping[str, Any]

FINISHED = frozenset({"succeeded", "failed", "cancelled"})


def _field(document: Document, name: str) -> Any:  # noqa: ANN401
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
        params, macs = _field(document, "params"), _field(document, "macs")
        return cls(int(params), int(macs), float(_field(document, "accuracy")))


@dataclass(frozen=True)
class Progress:
    """How far a job's search is: the stage it is in and its trials by number."""

    stage: str
    completed: int
    running: int
    failed: int
    total: int

    @classmethod
    def read(cls, document: Document) -> Progress:
        """Returns the progress of a job's document."""
        names = ("completed", "running", "failed", "total")
        completed, running, failed, total = (int(_field(document, name)) for name in names)
        return cls(str(document.get("stage") or ""), completed, running, failed, total)


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
            trial=int(_field(document, "trial")),
            student=document.get("student"),
            score=float(_field(document, "score")),
            accuracy=float(_field(document, "accuracy")),
            params=int(_field(document, "params")),
            params_ratio=float(_field(document, "params_ratio")),
            macs=int(_field(document, "macs")),
            macs_ratio=float(_field(document, "macs_ratio")),
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
            id=str(_field(document, "id")),
            name=document.get("name"),
            state=str(_field(document, "state")),
            created_at=str(_field(document, "created_at")),
            started_at=document.get("started_at"),
            finished_at=document.get("finished_at"),
            request=_field(document, "request"),
            teacher=Teacher.read(teacher) if teacher else None,
            progress=Progress.read(_field(document, "progress")),
            best=Best.read(best) if best else None,
            embedding=document.get("embedding"),
            error=document.get("error"),
            document=document,
        )


@dataclass(frozen=True)
class Trial:
    """One candidate being trained: its cost, and its measures once it is completed.

    Attributes:
        reused_from: The `job` and `trial` whose result was taken over, where one was.
    """

    number: int
    state: str
    params: int
    macs: int
    accuracy: float | None
    score: float | None
    duration_s: float | None
    error: Document | None
    reused_from: Document | None
    document: Document = field(repr=False)

    @classmethod
    def read(cls, document: Document) -> Trial:
        """Returns one item of `GET /v1/jobs/{id}/trials`."""
        return cls(
            number=int(_field(document, "number")),
            state=str(_field(document, "state")),
            params=int(_field(document, "params")),
            macs=int(_field(document, "macs")),
            accuracy=document.get("accuracy"),
            score=document.get("score"),
            duration_s=document.get("duration_s"),
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
        name, size = str(_field(document, "name")), int(_field(document, "bytes"))
        return cls(name, size, str(_field(document, "sha256")), str(_field(document, "href")))


@dataclass(frozen=True)
class Student:
    """A job's best student so far, with its files."""

    files: tuple[StudentFile, ...]
    document: Document = field(repr=False)

    @classmethod
    def read(cls, document: Document) -> Student:
        """Returns the student of `GET /v1/jobs/{id}/best`."""
        return cls(tuple(StudentFile.read(file) for file in _field(document, "files")), document)


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
            id=str(_field(document, "id")),
            name=str(_field(document, "name")),
            state=str(_field(document, "state")),
            summary=document.get("summary"),
            error=document.get("error"),
            document=document,
        )


@dataclass(frozen=True)
class Estimate:
    """What a job would find and take, before anything is trained.

    Attributes:
        result: `teacher`, `groups`, `frozen`, `space`, `constraints` and `time`, once it succeeded.
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
        found: bool | None = _field(_field(self.result or {}, "constraints"), "feasible")
        return found

    @classmethod
    def read(cls, document: Document) -> Estimate:
        """Returns the estimate of `GET /v1/estimates/{id}`."""
        return cls(
            id=str(_field(document, "id")),
            state=str(_field(document, "state")),
            result=document.get("result"),
            error=document.get("error"),
            document=document,
        )
