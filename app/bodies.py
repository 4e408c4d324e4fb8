"""What the API answers, as the contract words it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.lost_attempts import Loss
from app.pages import Page
from app.records import (
    BestRecord,
    EmbeddingRecord,
    JobOverview,
    JobState,
    Json,
    StudentRecord,
    TeacherRecord,
    TrialRecord,
    TrialState,
)
from app.requests import JobRequest

Item = TypeVar("Item", bound=BaseModel)


class Body(BaseModel):
    """Base of the answers' bodies."""

    model_config = ConfigDict(frozen=True)


class PageBody(Body, Generic[Item]):
    """A page of a list; `next` is the cursor of the next page."""

    items: tuple[Item, ...]
    next: str | None

    @classmethod
    def of(cls, page: Page[Item]) -> "PageBody[Item]":
        """Returns the body of a page."""
        return cls(items=page.items, next=page.next)


class FieldErrorBody(Body):
    """A field that is wrong."""

    pointer: str = Field(examples=["#/search/evaluations"])
    detail: str = Field(examples=["Input should be greater than or equal to 1"])


class ProblemBody(Body):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:stillhouse:problem:invalid"])
    title: str
    status: int = Field(examples=[422])
    detail: str
    errors: tuple[FieldErrorBody, ...] = ()
    request_id: str | None = Field(
        None, description="As in the header `X-Request-Id`, and in the server's log."
    )


class TeacherBody(Body):
    """A job's teacher; the accuracy is on validation."""

    params: int = Field(examples=[272_474])
    macs: int
    bytes: int = Field(description="Of its weights.")
    accuracy: float = Field(examples=[0.985])
    latency_ms: float | None = Field(description="Measured; null where the job needs none.")

    @classmethod
    def of(cls, teacher: TeacherRecord) -> "TeacherBody":
        """Returns the body of a teacher."""
        return cls(**{name: getattr(teacher, name) for name in cls.model_fields})


class ProgressBody(Body):
    """How far a job is: what is being done, and its trials by state."""

    stage: str
    completed: int
    running: int
    failed: int
    stopped: int = Field(description="Ended early: they would hardly have been the best.")
    total: int = Field(description="The evaluations that were asked for.")


class BestBody(Body):
    """The best student so far."""

    trial: int
    student: str = Field(examples=["std_6Vb0hF2mUuQk1sYd9LxWcA"])
    score: float
    accuracy: float = Field(description="On validation.")
    params: int
    params_ratio: float = Field(description="To the teacher.", examples=[0.046])
    macs: int
    macs_ratio: float
    bytes: int = Field(description="Of its weights.")
    bytes_ratio: float
    latency_ms: float | None = Field(description="Measured; null where the job needs none.")

    @classmethod
    def of(cls, student: BestRecord | StudentRecord, teacher: TeacherRecord) -> "BestBody":
        """Returns the body of a job's best student."""
        return cls(
            trial=student.trial_number,
            student=student.id,
            score=student.score,
            accuracy=student.accuracy,
            params=student.params,
            params_ratio=student.params / teacher.params,
            macs=student.macs,
            macs_ratio=student.macs / teacher.macs,
            bytes=student.bytes,
            bytes_ratio=student.bytes / teacher.bytes,
            latency_ms=student.latency_ms,
        )


class FileBody(Body):
    """A file of a student."""

    name: str = Field(examples=["student.pt2"])
    bytes: int
    sha256: str
    href: str = Field(examples=["/v1/students/std_6Vb0hF2mUuQk1sYd9LxWcA/files/student.pt2"])

    @classmethod
    def all_of(cls, student: StudentRecord) -> "tuple[FileBody, ...]":
        """Returns the bodies of a student's files."""
        return tuple(
            cls(
                name=file.name,
                bytes=file.bytes,
                sha256=file.sha256,
                href=f"/v1/students/{student.id}/files/{file.name}",
            )
            for file in student.files
        )


class StudentBody(BestBody):
    """A student with its files."""

    job: str
    final: bool = Field(description="Whether it had the final training.")
    test_accuracy: float | None = Field(description="Read once, at the end; null until then.")
    files: tuple[FileBody, ...]

    @classmethod
    def with_files(cls, student: StudentRecord, teacher: TeacherRecord) -> "StudentBody":
        """Returns the body of a student."""
        return cls(
            **BestBody.of(student, teacher).model_dump(),
            job=student.job_id,
            final=student.final,
            test_accuracy=student.test_accuracy,
            files=FileBody.all_of(student),
        )


class StudentsBody(Body):
    """What a job's trials became."""

    items: tuple[StudentBody, ...]

    @classmethod
    def of(cls, students: Sequence[StudentRecord], teacher: TeacherRecord | None) -> "StudentsBody":
        """Returns the body of a job's students; there are none before its teacher is measured."""
        if teacher is None:
            return cls(items=())
        return cls(items=tuple(StudentBody.with_files(one, teacher) for one in students))


class JobBody(Body):
    """A job, how far it is and what it has found."""

    id: str = Field(examples=["job_3qT7ZcWm8yPp5RkXj1NaVd"])
    name: str
    state: JobState
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    request: JobRequest
    teacher: TeacherBody | None
    progress: ProgressBody
    best: BestBody | None
    embedding: str | None
    error: Json | None = Field(description="Why it failed: a problem (RFC 9457).")

    @classmethod
    def of(cls, overview: JobOverview) -> "JobBody":
        """Returns the body of a job."""
        job, progress, best = overview.job, overview.progress, overview.best
        teacher = job.teacher
        return cls(
            id=job.id,
            name=job.name,
            state=job.state,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            request=job.request,
            teacher=None if teacher is None else TeacherBody.of(teacher),
            progress=ProgressBody(
                stage=job.stage,
                completed=progress.completed,
                running=progress.running,
                failed=progress.failed,
                stopped=progress.stopped,
                total=job.request.search.evaluations,
            ),
            best=None if best is None or teacher is None else BestBody.of(best, teacher),
            embedding=job.embedding_id,
            error=job.error,
        )


class SourceBody(Body):
    """A trial of another job."""

    job: str = Field(examples=["job_3qT7ZcWm8yPp5RkXj1NaVd"])
    trial: int


class LostAttemptBody(Body):
    """A sending of a trial that came to no end."""

    number: int = Field(description="From 0; the next attempt followed it, or the trial failed.")
    loss: Loss = Field(
        description="`died`: its worker process; `stale`: its machine or coordinator was lost."
    )
    detail: str = Field(
        description="How it ended, as far as is known: exit code, signal, out of memory.",
        examples=["the process ended with exit code 7"],
    )


class TrialBody(Body):
    """A trial; the results are null until it has completed.

    One that was stopped has `epochs`, `duration_s` and `curve`, but no accuracy and no score.
    """

    number: int
    state: TrialState
    edits: Json
    params: int
    macs: int
    bytes: int
    accuracy: float | None
    score: float | None
    epochs: int | None
    duration_s: float | None
    seed: int
    error: Json | None
    latency_ms: float | None
    reused_from: SourceBody | None = Field(
        description="The trial of the same recipe whose result was taken over, instead of training."
    )
    curve: tuple[float, ...] | None = Field(description="Accuracy on validation by epoch.")
    criterion: str | None = Field(
        description="By which the channels were chosen that it inherited from the teacher."
    )
    lost_attempts: tuple[LostAttemptBody, ...]

    @classmethod
    def of(cls, trial: TrialRecord) -> "TrialBody":
        """Returns the body of a trial."""
        nested = ("reused_from", "lost_attempts")
        own = {name: getattr(trial, name) for name in cls.model_fields if name not in nested}
        source = trial.reused_from
        return cls(
            **own,
            reused_from=None if source is None else SourceBody.model_validate(vars(source)),
            lost_attempts=tuple(LostAttemptBody(**vars(one)) for one in trial.lost_attempts),
        )


class EmbeddingBody(Body):
    """A saved embedding, and what it learned from."""

    id: str = Field(examples=["emb_7uV8wX9yZ0aB1cD2eF3gH4"])
    job: str
    created_at: datetime
    teacher: str = Field(examples=["zoo/resnet20"])
    dataset: str = Field(examples=["digits"])
    trials: int
    kernels: int
    bytes: int
    sha256: str
    summary: Json

    @classmethod
    def of(cls, embedding: EmbeddingRecord) -> "EmbeddingBody":
        """Returns the body of an embedding."""
        same = {name: getattr(embedding, name) for name in cls.model_fields if name != "job"}
        return cls(job=embedding.job_id, **same)


class HealthBody(Body):
    """Whether the process lives, or can work."""

    status: str = Field(examples=["ok"])
