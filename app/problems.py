"""What went wrong, as RFC 9457 says it: the root of our exceptions, each with status and type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

TYPE_PREFIX = "urn:stillhouse:problem:"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """A field that is wrong: where (a JSON pointer as a URI fragment, `#/search/seed`), and why."""

    pointer: str
    detail: str


class StillhouseError(Exception):
    """Root of the errors that a user is told about; raised through its subclasses."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something is wrong on our side"
    retry_after_s: int | None = None
    challenge: ClassVar[str | None] = None  # as `WWW-Authenticate`

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the answer gets."""
        told = {"Retry-After": self.retry_after_s, "WWW-Authenticate": self.challenge}
        return {name: str(value) for name, value in told.items() if value is not None}

    def problem(self) -> dict[str, object]:
        """Returns the problem's JSON body."""
        return problem(self.status, self.type, self.title, self.detail, self.errors)


class NoKey(StillhouseError):
    """Raised when a request comes without an API key, or with one that opens nothing."""

    status = 401
    type = "no-key"
    title = "An API key is needed"
    challenge = "Bearer"


class WrongKey(NoKey):
    """Raised when an API key is unknown, revoked or expired."""

    title = "The API key opens nothing"
    type = "wrong-key"
    challenge = 'Bearer error="invalid_token"'


class ScopeLacking(StillhouseError):
    """Raised when an API key doesn't have the scope that the request needs."""

    status = 403
    type = "scope-lacking"
    title = "The API key's scopes don't allow it"
    challenge = 'Bearer error="insufficient_scope"'


class NotFound(StillhouseError):
    """Raised when nothing has the id that was asked for."""

    status = 404
    type = "not-found"
    title = "Not found"


class MethodNotAllowed(StillhouseError):
    """Raised when a path is there, but not for the request's method."""

    status = 405
    type = "method-not-allowed"
    title = "The path has no such method"


class TooSlow(StillhouseError):
    """Raised when a request's body comes so slowly that it would take a place for too long."""

    status = 408
    type = "too-slow"
    title = "The body comes too slowly"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the answer gets; nothing more of the body is read."""
        return super().headers | {"Connection": "close"}


class Gone(StillhouseError):
    """Raised when a file is on record, but not in the artifact store any more."""

    status = 410
    type = "gone"
    title = "The file is gone"


class Conflict(StillhouseError):
    """Raised when the thing exists but its state doesn't allow what was asked."""

    status = 409
    type = "conflict"
    title = "Not possible in this state"


class Invalid(StillhouseError):
    """Raised when a request is understood and wrong; `errors` names the fields."""

    status = 422
    type = "invalid"
    title = "The request is not valid"


class TooLarge(StillhouseError):
    """Raised when a body is over its limit."""

    status = 413
    type = "too-large"
    title = "The body is too large"


class WrongMediaType(StillhouseError):
    """Raised when the body's content type is not the one that the route reads."""

    status = 415
    type = "wrong-media-type"
    title = "The content type is not the one wanted"


class Misdirected(StillhouseError):
    """Raised when a request is for a host that this server is not."""

    status = 421
    type = "misdirected"
    title = "This server is not the host that was asked"


class Forbidden(StillhouseError):
    """Raised when another site's page would change something here."""

    status = 403
    type = "forbidden"
    title = "Not allowed from another site"


class NotReady(StillhouseError):
    """Raised when the database can't be reached or is not at this version's revision."""

    status = 503
    type = "not-ready"
    title = "Not ready"
    retry_after_s = 5


class TooMany(StillhouseError):
    """Raised when there are as many of something as there may be at once; later there are fewer."""

    status = 429
    type = "too-many"
    title = "Too many at once"
    retry_after_s = 10


class TooFast(StillhouseError):
    """Raised when an API key asks faster than it may; `retry_after_s` says when it may again."""

    status = 429
    type = "too-fast"
    title = "Too many requests"

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class StorageFull(StillhouseError):
    """Raised when there is no room left for what was sent, or would come of it."""

    status = 507
    type = "storage-full"
    title = "No room is left"


class LeaseLost(StillhouseError):
    """Raised when a coordinator writes to a job that it doesn't hold any more."""

    status = 409
    type = "lease-lost"
    title = "Another coordinator holds the job"


def problem(
    status: int, kind: str, title: str, detail: str, errors: Sequence[FieldError] = ()
) -> dict[str, object]:
    """Returns an RFC 9457 problem; `kind` is the last part of its `type`."""
    body: dict[str, object] = {
        "type": TYPE_PREFIX + kind,
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in errors]
    return body
