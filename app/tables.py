"""The SQL tables. No relations: a repository joins what it needs, so no query is sent unseen."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from app.clock import DatabaseTime, UtcDateTime
from app.errand_records import EstimateState, TeacherKind, TeacherState
from app.records import Command, JobState, TrialState

REVISION = "0010"  # of the newest migration; a test compares it with Alembic's head

_ID = String(32)
_KEY = String(300)
_STATE = String(16)
_IS_HELD = text("lease_owner IS NOT NULL")
_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Table(DeclarativeBase):
    """Base of the tables; constraints are named so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        int: BigInteger(),
        dict[str, Any]: _JSON,
        list[dict[str, Any]]: _JSON,
        list[int]: _JSON,
        list[str]: _JSON,
        list[float]: _JSON,
    }


class Owned:
    """What a row has that belongs to an API key; `app.ownership` shows it to nobody else.

    No foreign key: keys stay on record, also revoked ones. Without an owner it was made while there
    were no keys.
    """

    owner: Mapped[str | None] = mapped_column(_ID)


class Leased(Owned):
    """What a row has that a coordinator works on: its lease (`app.lease_time`) and a fence."""

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    state: Mapped[Any] = mapped_column(_STATE)
    created_at: Mapped[datetime] = mapped_column(insert_default=DatabaseTime())
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_from: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(insert_default=0)


class ApiKey(Table):
    """A key that opens the API, by its hash; the key itself is nowhere on record."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("sha256"))

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(insert_default=DatabaseTime())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Job(Leased, Table):
    """A job, and the lease of the coordinator that holds it."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "owner", "created_at", "id"),
        Index(None, "state", "created_at"),
        Index("ix_jobs_held", "owner", sqlite_where=_IS_HELD, postgresql_where=_IS_HELD),
    )

    state: Mapped[JobState] = mapped_column(_STATE)
    stage: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    command: Mapped[Command | None] = mapped_column(_STATE)
    proposer_key: Mapped[str | None] = mapped_column(_KEY)
    error: Mapped[dict[str, Any] | None]
    states: Mapped[list[str] | None]
    origin: Mapped[dict[str, Any] | None]  # as `app.origin` has it

    @validates("state")
    def _remember(self, _: str, state: JobState) -> JobState:
        """Adds each new state to those that the job has had."""
        known: JobState | None = self.state  # of a row that is being made there is none
        if state != known:
            self.states = [*(self.states or filter(None, [known])), state]
        return state


class JobTeacher(Table):
    """A job's teacher, once it is trained."""

    __tablename__ = "job_teachers"

    job_id: Mapped[str] = mapped_column(_ID, ForeignKey("jobs.id"), primary_key=True)
    params: Mapped[int]
    macs: Mapped[int]
    bytes: Mapped[int]
    accuracy: Mapped[float]
    test_accuracy: Mapped[float | None]
    weights_key: Mapped[str] = mapped_column(_KEY)
    architecture_key: Mapped[str] = mapped_column(_KEY)
    splits_key: Mapped[str] = mapped_column(_KEY)
    precision: Mapped[dict[str, Any]]
    preprocessing: Mapped[dict[str, Any]]
    latency_ms: Mapped[float | None]


class JobSurrogate(Table):
    """What a job's surrogate makes of the search, as it was when that was last looked at."""

    __tablename__ = "job_surrogates"

    job_id: Mapped[str] = mapped_column(_ID, ForeignKey("jobs.id"), primary_key=True)
    outlook: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class Trial(Table):
    """A candidate being trained and measured."""

    __tablename__ = "trials"
    __table_args__ = (
        UniqueConstraint("job_id", "hash"),
        Index(None, "job_id", "state"),
        Index(None, "recipe_hash", "hash"),
    )

    job_id: Mapped[str] = mapped_column(_ID, ForeignKey("jobs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[TrialState] = mapped_column(_STATE)
    hash: Mapped[str] = mapped_column(String(128))
    edits: Mapped[dict[str, Any]]
    params: Mapped[int]
    macs: Mapped[int]
    bytes: Mapped[int]
    seed: Mapped[int]
    attempts: Mapped[int] = mapped_column(insert_default=0)
    accuracy: Mapped[float | None]
    score: Mapped[float | None]
    epochs: Mapped[int | None]
    duration_s: Mapped[float | None]
    weights_key: Mapped[str | None] = mapped_column(_KEY)
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(insert_default=DatabaseTime())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    latency_ms: Mapped[float | None]
    recipe_hash: Mapped[str | None] = mapped_column(String(64))
    # Of the trial whose result this one took over; no foreign keys, for that job may be deleted.
    reused_job: Mapped[str | None] = mapped_column(_ID)
    reused_trial: Mapped[int | None]
    curve: Mapped[list[float] | None]
    criterion: Mapped[str | None] = mapped_column(Text)
    lost_attempts: Mapped[list[dict[str, Any]] | None]


class Student(Owned, Table):
    """A trained network that is offered; at most one of a job is the best."""

    __tablename__ = "students"
    __table_args__ = (
        ForeignKeyConstraint(["job_id", "trial_number"], ["trials.job_id", "trials.number"]),
        Index(None, "job_id", "trial_number"),
        Index(
            "uq_students_best",
            "job_id",
            unique=True,
            sqlite_where=text("best"),
            postgresql_where=text("best"),
        ),
    )

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    job_id: Mapped[str] = mapped_column(_ID)
    trial_number: Mapped[int]
    final: Mapped[bool]
    best: Mapped[bool]
    accuracy: Mapped[float]
    test_accuracy: Mapped[float | None]
    score: Mapped[float]
    params: Mapped[int]
    macs: Mapped[int]
    bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(insert_default=DatabaseTime())
    latency_ms: Mapped[float | None]


class StudentFile(Table):
    """A file of a student, and the artifact that holds it."""

    __tablename__ = "student_files"

    student_id: Mapped[str] = mapped_column(_ID, ForeignKey("students.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(_KEY)
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class Dataset(Owned, Table):
    """An uploaded dataset that passed its check."""

    __tablename__ = "datasets"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "owner", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(_KEY)
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    summary: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(insert_default=DatabaseTime())


class Embedding(Owned, Table):
    """What a finished job learned."""

    __tablename__ = "embeddings"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "owner", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    job_id: Mapped[str] = mapped_column(_ID, ForeignKey("jobs.id"), unique=True)
    key: Mapped[str] = mapped_column(_KEY)
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    teacher: Mapped[str] = mapped_column(Text)
    dataset: Mapped[str] = mapped_column(Text)
    trials: Mapped[int]
    kernels: Mapped[int]
    summary: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(insert_default=DatabaseTime())


class _Errand(Leased):
    """What a row needs that a coordinator works on in passing: how often it was claimed in vain."""

    attempts: Mapped[int] = mapped_column(insert_default=0)


class Teacher(_Errand, Table):
    """An uploaded teacher; a coordinator checks it."""

    __tablename__ = "teachers"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "owner", "created_at", "id"),
        Index(None, "state", "created_at"),
    )

    name: Mapped[str] = mapped_column(Text)
    state: Mapped[TeacherState] = mapped_column(_STATE)
    kind: Mapped[TeacherKind] = mapped_column(_STATE)
    network: Mapped[str | None] = mapped_column(Text)
    files: Mapped[dict[str, Any]]
    input_shape: Mapped[list[int] | None]
    preprocessing: Mapped[dict[str, Any] | None]
    summary: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    architecture_key: Mapped[str | None] = mapped_column(_KEY)
    weights_key: Mapped[str | None] = mapped_column(_KEY)
    checked_at: Mapped[datetime | None]


class Estimate(_Errand, Table):
    """A question of what a job would find; a coordinator answers it."""

    __tablename__ = "estimates"
    __table_args__ = (Index(None, "state", "created_at"),)

    state: Mapped[EstimateState] = mapped_column(_STATE)
    request: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]


class IdempotentRequest(Table):
    """A request with a key of its sender's, and the answer that it got; None while under way."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (Index(None, "created_at"),)

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    claim: Mapped[str] = mapped_column(_ID)
    claimed_until: Mapped[datetime]
    created_at: Mapped[datetime]
    answer: Mapped[dict[str, Any] | None]
