"""What the repositories return and take: frozen, and never tied to a database session."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.lost_attempts import LostAttempt
from app.requests import JobRequest

JobState = Literal[
    "queued",
    "preparing",
    "searching",
    "finishing",
    "succeeded",
    "failed",
    "cancelled",
    "paused",
]
WorkingState = Literal["preparing", "searching", "finishing"]
EndState = Literal["succeeded", "failed", "cancelled", "paused"]
TrialState = Literal["queued", "running", "completed", "stopped", "failed", "cancelled"]
Command = Literal["cancel", "pause"]
Json = dict[str, object]
SAMPLES = "samples"  # in a dataset's summary, the artifact that shows some of its images


@dataclass(frozen=True)
class TeacherRecord:
    """A job's teacher, ready to teach: its cost, its accuracy and where its artifacts are."""

    params: int
    macs: int
    bytes: int
    accuracy: float
    test_accuracy: float | None
    weights_key: str
    architecture_key: str
    splits_key: str
    precision: Json
    preprocessing: Json
    latency_ms: float | None = None


@dataclass(frozen=True)
class JobRecord:
    """A job as it is on record.

    Attributes:
        command: what a user asked of the coordinator that holds the job, not done yet.
        proposer_key: artifact of the proposer's state that proposed the newest trials.
        stage: what is being done, in a word or two.
        fence: number of the newest lease.
    """

    id: str
    name: str
    state: JobState
    stage: str
    request: JobRequest
    seed: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    command: Command | None
    teacher: TeacherRecord | None
    proposer_key: str | None
    best_student_id: str | None
    embedding_id: str | None
    error: Json | None
    fence: int


@dataclass(frozen=True)
class Progress:
    """How many of a job's trials are in which state."""

    completed: int = 0
    running: int = 0
    failed: int = 0
    stopped: int = 0


@dataclass(frozen=True)
class BestRecord:
    """What a job shows of its best student."""

    id: str
    trial_number: int
    accuracy: float
    score: float
    params: int
    macs: int
    bytes: int
    latency_ms: float | None = None


@dataclass(frozen=True)
class JobOverview:
    """A job with how far it is and the best it has found."""

    job: JobRecord
    progress: Progress
    best: BestRecord | None


@dataclass(frozen=True)
class NewTrial:
    """A proposed trial; `number` counts from 0 within the job.

    Attributes:
        latency_ms: as measured before any training; None if it was not.
        recipe_hash: of all but the seed that its result depends on beside the candidate.
    """

    number: int
    hash: str
    edits: Json
    params: int
    macs: int
    bytes: int
    seed: int
    latency_ms: float | None = None
    recipe_hash: str | None = None


@dataclass(frozen=True)
class TrialSource:
    """The trial of another job from which a trial's result was taken over."""

    job: str
    trial: int


@dataclass(frozen=True)
class TrialResult:
    """What a completed trial measured.

    Attributes:
        curve: accuracy on validation after each epoch; None of a trial that was not recorded.
        criterion: by which its first weights were inherited, where there was one.

    Raises:
        ValueError: a figure is not finite (a diverged trial is a failed one).
    """

    accuracy: float
    score: float
    epochs: int
    duration_s: float
    weights_key: str
    curve: tuple[float, ...] | None = None
    criterion: str | None = None

    def __post_init__(self) -> None:
        figures = (self.accuracy, self.score, self.duration_s, *(self.curve or ()))
        if not all(map(math.isfinite, figures)):
            raise ValueError(f"a trial's result must be finite, got {self}")


@dataclass(frozen=True)
class TrialRecord:
    """A trial as it is on record; the results are None until it has completed.

    One that was stopped has a curve, but no accuracy that could be taken for a final one.
    """

    number: int
    state: TrialState
    hash: str
    edits: Json
    params: int
    macs: int
    bytes: int
    seed: int
    attempts: int
    accuracy: float | None
    score: float | None
    epochs: int | None
    duration_s: float | None
    weights_key: str | None
    error: Json | None
    latency_ms: float | None = None
    reused_from: TrialSource | None = None
    curve: tuple[float, ...] | None = None
    criterion: str | None = None
    lost_attempts: tuple[LostAttempt, ...] = ()


@dataclass(frozen=True)
class StoredStudentFile:
    """A student's file: the name that users see, and the artifact behind it."""

    name: str
    key: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class NewStudent:
    """A student to be put on record; its files are stored already."""

    trial_number: int
    final: bool
    accuracy: float
    test_accuracy: float | None
    score: float
    params: int
    macs: int
    bytes: int
    files: tuple[StoredStudentFile, ...]
    latency_ms: float | None = None


@dataclass(frozen=True)
class StudentRecord:
    """A student as it is on record."""

    id: str
    job_id: str
    trial_number: int
    final: bool
    best: bool
    accuracy: float
    test_accuracy: float | None
    score: float
    params: int
    macs: int
    bytes: int
    files: tuple[StoredStudentFile, ...]
    latency_ms: float | None = None


@dataclass(frozen=True)
class NewDataset:
    """A checked upload to be put on record; `summary` is what the check found."""

    name: str
    key: str
    sha256: str
    bytes: int
    summary: Json


@dataclass(frozen=True)
class DatasetRecord:
    """An uploaded dataset.

    Attributes:
        summary: `n`, `test_n`, `shape` (height, width, channels of one image), `dtype`,
            `classes` (their names), `class_counts` (of the images that are not test images); where
            it was made of image files, `shorter_side` and `notes` too; and `SAMPLES`, unless it
            was uploaded before there were any.
    """

    id: str
    name: str
    key: str
    sha256: str
    bytes: int
    summary: Json
    created_at: datetime

    @property
    def samples_key(self) -> str | None:
        """The artifact that shows some of its images; None where there is none."""
        key = self.summary.get(SAMPLES)
        return None if key is None else str(key)


@dataclass(frozen=True)
class NewEmbedding:
    """An embedding that a job learned; the artifact is stored already.

    Attributes:
        teacher: the network's name.
        dataset: the dataset's name or id.
        trials: number of completed trials that it learned from.
        kernels: number of kernels.
        summary: anything else worth showing.
    """

    key: str
    sha256: str
    bytes: int
    teacher: str
    dataset: str
    trials: int
    kernels: int
    summary: Json


@dataclass(frozen=True)
class EmbeddingRecord:
    """A saved embedding and what it learned from."""

    id: str
    job_id: str
    key: str
    sha256: str
    bytes: int
    teacher: str
    dataset: str
    trials: int
    kernels: int
    summary: Json
    created_at: datetime
