"""What can go wrong between this machine and a Stillhouse server, one class for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KEYS_WANTED = {
    401: "a key of this server that still holds",
    403: "a key of this server that may do this",
}


class StillhouseError(Exception):
    """Root of everything that the client and the command line raise on purpose."""

    exit_code = 1


class Unreachable(StillhouseError):
    """Raised when no answer comes from the server's address."""

    exit_code = 3


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field of a request."""

    pointer: str
    detail: str


class Refused(StillhouseError):
    """Raised when the server answers with a problem document (RFC 9457).

    Attributes:
        status: The answer's HTTP status.
        problem: The problem document as it came.
        request_id: By which the server's log has the request; empty when nothing told it.
    """

    exit_code = 4

    def __init__(self, status: int, problem: Mapping[str, Any], request_id: str = "") -> None:
        self.status = status
        self.problem = dict(problem)
        self.request_id = str(self.problem.get("request_id") or request_id)
        super().__init__(self._text())

    @property
    def title(self) -> str:
        """What kind of problem it is, in a few words."""
        return str(self.problem.get("title") or f"HTTP {self.status}")

    @property
    def detail(self) -> str:
        """What is wrong this time; empty when the server didn't say."""
        return str(self.problem.get("detail") or "")

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The fields that the server points at, in its order."""
        entries = self.problem.get("errors") or ()
        return tuple(
            FieldError(str(entry.get("pointer", "")), str(entry.get("detail", "")))
            for entry in entries
            if isinstance(entry, Mapping)
        )

    @property
    def headline(self) -> str:
        """What is wrong; where a field says that in the same words, what kind of problem it is."""
        said = {error.detail for error in self.errors}
        return self.title if not self.detail or self.detail in said else self.detail

    @property
    def hint(self) -> str:
        """What to do on the command line where it is a matter of the API key; empty otherwise."""
        wanted = _KEYS_WANTED.get(self.status)
        return f"set STILLHOUSE_KEY to {wanted}" if wanted else ""

    def _text(self) -> str:
        told = self.headline if self.headline == self.title else f"{self.title}: {self.detail}"
        lines = [told, *(f"  {one.pointer}: {one.detail}" for one in self.errors)]
        if wanted := _KEYS_WANTED.get(self.status):
            lines.append(f"  set STILLHOUSE_KEY, or give Client(url, key=…), {wanted}")
        lines += [f"  request id: {self.request_id}"] if self.request_id else []
        return "\n".join(lines)


class UnusableAddress(StillhouseError):
    """Raised on this machine when an address can't be a server's."""

    exit_code = 2


class UnusableKey(StillhouseError):
    """Raised on this machine when an API key can't be one; the message doesn't tell it."""

    exit_code = 2


class MissingPackage(StillhouseError):
    """Raised when something is asked for that takes a package which isn't installed."""

    exit_code = 2

    def __init__(self, what: str, package: str) -> None:
        super().__init__(f"{what} takes {package}: pip install 'stillhouse[{package}]'")


class UnusableLog(StillhouseError):
    """Raised when trials are to be logged to what can't be a log."""

    exit_code = 2


class NotAnswered(StillhouseError):
    """Raised when an answer isn't what the contract promises (not JSON, a field missing)."""


class JobFailed(StillhouseError):
    """Raised when a job that was waited for ends without students.

    Attributes:
        job_id: The job.
        state: How it ended: `failed` or `cancelled`.
        problem: The job's error as a problem document; empty when it was cancelled.
    """

    def __init__(self, job_id: str, state: str, problem: Mapping[str, Any] | None) -> None:
        self.job_id = job_id
        self.state = state
        self.problem = dict(problem or {})
        reason = self.problem.get("detail") or self.problem.get("title")
        super().__init__(f"{job_id} {state}" + (f": {reason}" if reason else ""))


class TeacherRejected(StillhouseError):
    """Raised when an uploaded teacher was checked and can't be one.

    Attributes:
        problem: Why, as a problem document.
    """

    exit_code = 4

    def __init__(self, teacher_id: str, problem: Mapping[str, Any] | None) -> None:
        self.problem = dict(problem or {})
        super().__init__(f"{teacher_id} was rejected: {_reason(self.problem)}")


class EstimateFailed(StillhouseError):
    """Raised when there is no estimate because the job couldn't be carried out.

    Attributes:
        problem: Why, as a problem document.
    """

    exit_code = 4

    def __init__(self, problem: Mapping[str, Any] | None) -> None:
        self.problem = dict(problem or {})
        super().__init__(_reason(self.problem))


class WaitedTooLong(StillhouseError):
    """Raised when something isn't finished within the time that the caller gave it."""


class NoStudentYet(StillhouseError):
    """Raised when a job's best student is asked for before there is one."""


class DownloadDamaged(StillhouseError):
    """Raised when a downloaded file's size or sha256 isn't what the server announced."""

    exit_code = 5


class CannotServe(StillhouseError):
    """Raised when the servers can't be started: a port or a home is in use, a child dies."""


class WrongSettings(CannotServe):
    """Raised when a program of ours can't use the arguments or the settings that it was given."""

    exit_code = 2


def _reason(problem: Mapping[str, Any]) -> str:
    """Returns what a problem document says, on one line and one more for each field."""
    refusal = Refused(int(problem.get("status", 0) or 0), problem)
    lines = [refusal.headline]
    lines += [f"  {error.pointer}: {error.detail}" for error in refusal.errors]
    return "\n".join(line for line in lines if line.strip())
