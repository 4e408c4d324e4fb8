"""A job on a server, followed from here."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from stillhouse.changes import Changes
from stillhouse.documents import JobStatus, Trial, required
from stillhouse.errors import JobFailed, NoStudentYet, Refused, WaitedTooLong
from stillhouse.students import ParetoSet, ParetoTrial, Student
from stillhouse.transport import Transport
from stillhouse.trials_frame import trials_frame

if TYPE_CHECKING:
    from pandas import DataFrame

_PAGE = 500  # items; the most that the server gives at once


class Job:
    """One compression request and what became of it.

    Attributes:
        status: The job as the server last described it; `refresh` asks again.
    """

    def __init__(self, transport: Transport, status: JobStatus) -> None:
        self._transport = transport
        self.status = status
        self._path = f"/v1/jobs/{quote(status.id, safe='')}"
        self._tag: str | None = None

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.state}>"

    @property
    def id(self) -> str:
        """The job's id."""
        return self.status.id

    @property
    def state(self) -> str:
        """The job's state when it was last asked for."""
        return self.status.state

    @property
    def embedding(self) -> str | None:
        """The id of what it learned, once it has succeeded: `search.embedding.from` of a job."""
        return self.status.embedding

    def refresh(self) -> Job:
        """Asks the server how the job is; returns the job itself."""
        self.changed(0)
        return self

    @property
    def is_tagged(self) -> bool:
        """Whether the server can tell what is new since it was asked last."""
        return self._tag is not None

    def changed(self, within_s: int) -> bool:
        """Asks the server for the job, and takes what is new; returns whether anything is.

        Args:
            within_s: How long the server may hold its answer for something new. It answers at once
                the first time, and where it doesn't know of waiting.
        """
        found = self._transport.get_changed(self._path, self._tag, within_s)
        if found is None:
            return False
        self.status, self._tag = JobStatus.read(found.document), found.tag
        return True

    def wait(
        self,
        timeout_s: float | None = None,
        poll_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Job:
        """Returns once the job has succeeded.

        The server is asked once and answers when something is new; one that doesn't do that, or has
        no room for another who waits, is asked every `poll_s` seconds.

        Raises:
            JobFailed: It failed or was cancelled.
            WaitedTooLong: `timeout_s` passed first; the job goes on.
        """
        started = clock()
        changes = Changes(self, sleep, clock, poll_s)
        self.refresh()
        while not self.status.finished:
            left_s = inf if timeout_s is None else timeout_s - (clock() - started)
            if left_s <= 0:
                msg = f"{self.id} is still {self.state} after {timeout_s:g} s"
                raise WaitedTooLong(msg)
            changes.await_next(left_s)
        self.require_success()
        return self

    def require_success(self) -> None:
        """Raises JobFailed when the job ended without students."""
        if self.state in {"failed", "cancelled"}:
            raise JobFailed(self.id, self.state, self.status.error)

    def trials(self, first: int = 0) -> list[Trial]:
        """Returns the job's trials by number, those from the number `first` on."""
        items = self._transport.items(f"{self._path}/trials", first=first, limit=_PAGE)
        trials = sorted((Trial.read(item) for item in items), key=lambda trial: trial.number)
        return [trial for trial in trials if trial.number >= first]  # an old server gives all

    def trials_frame(self) -> DataFrame:
        """Returns the trials as a table of pandas, a row for each; raises MissingPackage."""
        return trials_frame(self.trials())

    def pareto(self) -> list[ParetoTrial]:
        """Returns the completed trials that no other beats on accuracy and the objective's costs.

        They come by their first cost; of a job with another objective than `pareto` by their MACs.
        Those that became students have them: `download(directory, trial.student)`.
        """
        return list(self.pareto_set().trials)

    def pareto_set(self) -> ParetoSet:
        """Returns the same trials with the names of the costs."""
        found = self._transport.get(f"{self._path}/pareto")
        return ParetoSet.read(found, self.id, self._transport)

    def best(self) -> Student:
        """Returns the best student so far; raises NoStudentYet before there is one."""
        try:
            return Student.read(self._transport.get(f"{self._path}/best"), self._transport)
        except Refused as refusal:
            if refusal.status != 404 or self.refresh().status.best is not None:
                raise
            msg = f"{self.id} has no student yet ({self.state})"
            raise NoStudentYet(msg) from refusal

    def download(self, directory: Path | str, student: Student | None = None) -> Student:
        """Fetches a student's files into a directory; returns the student.

        A file appears whole and verified or not at all.

        Args:
            directory: Made if needed.
            student: Of `pareto`; the best one when not given.

        Raises:
            NoStudentYet: There is no student yet.
            DownloadDamaged: A file's size or sha256 differs from what the server announced.
        """
        student = student or self.best()
        student.download(directory)
        return student

    def delete(self) -> None:
        """Deletes the job, which must have ended, with its trials, students and embedding."""
        self._transport.delete(self._path)

    def students(self) -> list[Student]:
        """Returns the students that trials became so far, the oldest first; `trial` is whose."""
        found = self._transport.get(f"{self._path}/students")
        return [Student.read(one, self._transport) for one in required(found, "items")]

    def cancel(self) -> Job:
        """Ends the job; its finished trials stay."""
        return self._command("cancel")

    def pause(self) -> Job:
        """Stops the job for now; its finished trials stay and `resume` goes on from them."""
        return self._command("pause")

    def resume(self) -> Job:
        """Lets a paused job go on."""
        return self._command("resume")

    def _command(self, name: str) -> Job:
        self._transport.post(f"{self._path}/{name}")
        return self.refresh()
