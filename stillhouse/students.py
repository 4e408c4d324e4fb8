"""The students of a job: the best one, and those that trials of its Pareto set became."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillhouse.documents import Document, Trial, required


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
class Student:
    """A student with its files.

    Attributes:
        final: Whether it had the final training.
        accuracy: On validation, 0 to 1.
        test_accuracy: Read once, at the end.
        latency_ms: As it was measured, where the job needs it.
    """

    id: str
    final: bool
    accuracy: float
    test_accuracy: float | None
    score: float
    latency_ms: float | None
    files: tuple[StudentFile, ...]
    document: Document = field(repr=False)

    @classmethod
    def read(cls, document: Document) -> Student:
        """Returns the student of `GET /v1/jobs/{id}/best`, or of a trial of `…/pareto`."""
        return cls(
            id=str(document.get("student") or required(document, "id")),
            final=bool(required(document, "final")),
            accuracy=float(required(document, "accuracy")),
            test_accuracy=document.get("test_accuracy"),
            score=float(required(document, "score")),
            latency_ms=document.get("latency_ms"),
            files=tuple(map(StudentFile.read, required(document, "files"))),
            document=document,
        )


@dataclass(frozen=True)
class ParetoTrial(Trial):
    """A trial of a Pareto set; `accuracy` and `score` are the trial's own.

    Attributes:
        student: What it became: the final student where there is one; None of most.
    """

    student: Student | None

    @classmethod
    def read(cls, document: Document) -> ParetoTrial:
        """Returns one item of `GET /v1/jobs/{id}/pareto`."""
        student = document.get("student")
        found = None if student is None else Student.read(student)
        return cls(**vars(Trial.read(document)), student=found)


@dataclass(frozen=True)
class ParetoSet:
    """The completed trials that no other beats on accuracy and costs, by the first cost."""

    trials: tuple[ParetoTrial, ...]
    costs: tuple[str, ...]
    document: Document = field(repr=False)

    @property
    def final_students(self) -> list[Student]:
        """Those of its students that had the final training."""
        students = (trial.student for trial in self.trials)
        return [student for student in students if student is not None and student.final]

    @classmethod
    def read(cls, document: Document) -> ParetoSet:
        """Returns the set of `GET /v1/jobs/{id}/pareto`."""
        items = tuple(map(ParetoTrial.read, required(document, "items")))
        return cls(items, tuple(required(document, "costs")), document)
