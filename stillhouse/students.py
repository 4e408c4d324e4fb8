"""The students of a job: the best one, and those that trials of its Pareto set became."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stillhouse.documents import Document, StudentFile, Trial, required
from stillhouse.download import download
from stillhouse.errors import NotAnswered
from stillhouse.student_folder import load_student
from stillhouse.teacher_source import ARCHITECTURE, REPORT, WEIGHTS
from stillhouse.transport import Transport

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Student:
    """A student on the server; what is asked of its files is fetched and verified.

    Attributes:
        job_id: The job that it is of.
        final: Whether it had the final training.
        accuracy: On validation, 0 to 1.
        test_accuracy: Read once, at the end.
        params: How many parameters it has.
        latency_ms: As it was measured, where the job needs it.
    """

    id: str
    job_id: str
    final: bool
    accuracy: float
    test_accuracy: float | None
    score: float
    params: int
    latency_ms: float | None
    files: tuple[StudentFile, ...] = field(repr=False)
    document: Document = field(repr=False)
    transport: Transport = field(repr=False, compare=False)

    @classmethod
    def read(cls, document: Document, transport: Transport) -> Student:
        """Returns the student of `GET /v1/jobs/{id}/best`, on the server that told of it."""
        return cls(
            id=str(document.get("student") or required(document, "id")),
            job_id=str(required(document, "job")),
            final=bool(required(document, "final")),
            accuracy=float(required(document, "accuracy")),
            test_accuracy=document.get("test_accuracy"),
            score=float(required(document, "score")),
            params=int(required(document, "params")),
            latency_ms=document.get("latency_ms"),
            files=tuple(map(StudentFile.read, required(document, "files"))),
            document=document,
            transport=transport,
        )

    @property
    def trial(self) -> int | None:
        """The number of the trial that it was."""
        number = self.document.get("trial")
        return None if number is None else int(number)

    def module(self) -> nn.Module:
        """Returns it as a plain module in eval mode, to run or to train on.

        It is built here from its graph and its weights; nothing is unpickled.
        """
        with TemporaryDirectory(prefix="stillhouse-") as folder:
            self._fetch({ARCHITECTURE, WEIGHTS, REPORT}, Path(folder))
            return load_student(folder).module

    @cached_property
    def report(self) -> Document:
        """Its `report.json`: costs, accuracies, preprocessing, edits, seeds and versions."""
        with TemporaryDirectory(prefix="stillhouse-") as folder:
            (path,) = self._fetch({REPORT}, Path(folder))
            document: Document = json.loads(path.read_text("utf-8"))
        return document

    def download(self, directory: Path | str) -> Path:
        """Fetches all of its files into a directory, which is made if needed; returns that.

        A file appears whole and verified or not at all.

        Raises:
            DownloadDamaged: A file's size or sha256 differs from what the server announced.
        """
        download(self.transport, self.files, Path(directory))
        return Path(directory)

    def _fetch(self, names: Collection[str], folder: Path) -> list[Path]:
        files = [file for file in self.files if file.name in names]
        if missing := set(names) - {file.name for file in files}:
            msg = f"{self.id} has no {', '.join(sorted(missing))}"
            raise NotAnswered(msg)
        return download(self.transport, files, folder)


@dataclass(frozen=True)
class ParetoTrial(Trial):
    """A trial of a Pareto set; `accuracy` and `score` are the trial's own.

    Attributes:
        student: What it became: the final student where there is one; None of most.
    """

    student: Student | None

    @classmethod
    def of(cls, document: Document, job_id: str, transport: Transport) -> ParetoTrial:
        """Returns one item of `GET /v1/jobs/{id}/pareto`."""
        trial, student = Trial.read(document), document.get("student")
        if student is not None:
            whole = {"job": job_id, "params": trial.params, **student}
            student = Student.read(whole, transport)
        return cls(**vars(trial), student=student)


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
    def read(cls, document: Document, job_id: str, transport: Transport) -> ParetoSet:
        """Returns the set of `GET /v1/jobs/{id}/pareto`."""
        items = required(document, "items")
        trials = tuple(ParetoTrial.of(item, job_id, transport) for item in items)
        return cls(trials, tuple(required(document, "costs")), document)
