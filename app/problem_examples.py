"""Problems that several routes give, as examples for the API's description.

Each is an error as it is raised, by the words on when that is; so its type, title and status are
those of its class.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.bodies import ProblemBody
from app.idempotency import HEADER, KeyReused, UnderWay
from app.problems import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Misdirected,
    NoKey,
    NotFound,
    NotReady,
    ScopeLacking,
    StillhouseError,
    StorageFull,
    TooFast,
    TooLarge,
    TooMany,
    TooSlow,
    WrongKey,
    WrongMediaType,
)

Told = Mapping[str, StillhouseError]

JOB = "job_3qT7ZcWm8yPp5RkXj1NaVd"
_TEACHER = "tch_5kL6mN70aB1cD2eF3gH4iJ"
READING = ("get", "head", "options")
_REQUEST_ID = "req_5f0c2e9a7b41d638"


def invalid(pointer: str, why: str, detail: str | None = None) -> Invalid:
    """Returns the error of one wrong field; `detail` is `why`, unless it says more or less."""
    return Invalid(detail or why, [FieldError(pointer, why)])


def _parameter(name: str, why: str) -> Invalid:
    return invalid(f"#/{name}", why, "a parameter is not what it should be: see errors")


NO_JOB: Told = {"There is no such job.": NotFound(f"there is no job '{JOB}'")}
LISTED: Told = {
    "`limit` is wrong.": _parameter("limit", "Input should be less than or equal to 500"),
    "A wrong `cursor`.": invalid(
        "#/cursor", "this is no cursor that a page of this list gave as `next`"
    ),
}
FROM_A_NUMBER: Told = {
    "`first` is wrong.": _parameter("first", "Input should be greater than or equal to 0")
}
WAITED: Told = {
    "`wait` is wrong.": _parameter("wait", "Input should be less than or equal to 60"),
    "Too many wait already.": TooMany("1000 wait for changes already, which is all that may"),
}
_REUSED = "this key came with another request: take a new one for each"
RESENT: Told = {
    "The same request is under way.": UnderWay(
        "the same request, with the same key, is being carried out"
    ),
    "The `Idempotency-Key` came with another request.": KeyReused(
        _REUSED, [FieldError(f"#/{HEADER}", _REUSED)]
    ),
    "The `Idempotency-Key` is wrong.": _parameter(
        HEADER, "String should have at least 1 character"
    ),
}
_BODY = "the body is not what this route takes: see errors"
JSON_BODY: Told = {
    "The body is too large.": TooLarge("a JSON body may have 1048576 bytes"),
    "The body is of another type than JSON.": WrongMediaType("this route reads application/json"),
    "The body is no JSON.": invalid("#", "Invalid JSON: expected value at line 1 column 1", _BODY),
    "A field is wrong.": invalid(
        "#/search/evaluations", "Input should be greater than or equal to 1", _BODY
    ),
    "There is no such field.": invalid("#/search/evaluation", "there is no such field", _BODY),
    "What it names can't be used.": invalid(
        "#/dataset/id",
        "there is no dataset 'dst_0aB1cD2eF3gH4iJ5kL6mN7': upload it with POST /v1/datasets first",
        "the request names what can't be used: see errors",
    ),
}
UNCHECKED_TEACHER: Told = {
    "Its teacher is still being checked.": Conflict(
        f"{_TEACHER} is still being checked: wait until GET /v1/teachers/{_TEACHER} says `ready`"
    )
}
FORM_BODY: Told = {
    "The body is of another type than multipart/form-data.": WrongMediaType(
        "this route reads multipart/form-data with a boundary"
    ),
    "The form is broken.": Invalid("the body is no whole multipart/form-data"),
    "The name can't be used.": invalid(
        "#/name", "1 to 200 printable characters are wanted", "the name can't be used"
    ),
    "Other uploads are under way.": TooMany(
        "4 uploads come in here already, which is all that may"
    ),
}
NO_ROOM: Told = {
    "There is no room for it.": StorageFull(
        "the disk of /var/lib/stillhouse has too little left: 2,048 MiB have to stay free"
        " (STILLHOUSE_MIN_FREE_BYTES); `stillhouse db prune` tells what can go"
    )
}
_AWAY: Told = {"The database does not answer.": NotReady("the database does not answer")}
_ALWAYS: Told = {
    "The server is not the host that was asked: STILLHOUSE_ALLOWED_HOSTS.": Misdirected(
        "this server is not 'evil.example'; STILLHOUSE_ALLOWED_HOSTS names what else it is"
    ),
    "An unexpected error; the server's log has more.": StillhouseError(
        "an unexpected error; the server's log has more"
    ),
}
OF_KEYS: Told = {
    "No key is sent.": NoKey(
        "send `Authorization: Bearer KEY`; `stillhouse keys create` makes one"
    ),
    "The key opens nothing.": WrongKey("the key is unknown, revoked or expired"),
}


def of_any_route(method: str, path: str, *, has_body: bool) -> Iterator[Told]:
    """Yields what comes before a route, or from what all of its kind have in common."""
    yield _ALWAYS
    if path != "/healthz":
        yield _AWAY
    if method not in READING:
        refused = Forbidden(f"{method.upper()} {path}: sent by another site's page")
        yield {"Another site's page sent it.": refused}
    if has_body:
        least = "1000 bytes a second are wanted on average"
        slow = TooSlow(f"the body comes too slowly: {least}")
        yield {"The body came too slowly: STILLHOUSE_MIN_BODY_BYTES_PER_S.": slow}
    if path.startswith("/v1/"):
        scope = "read" if method in READING else "submit"
        lacking = ScopeLacking(f"{method.upper()} needs the scope `{scope}`")
        yield OF_KEYS
        yield {
            "The key's scopes don't allow it.": lacking,
            "The key asks too fast.": TooFast("your key asks faster than it may", 2),
            "There is no such parameter.": invalid("#/colour", "there is no such parameter"),
        }


def problems(*causes: Told) -> dict[int | str, dict[str, Any]]:
    """Returns OpenAPI's description of the answers with errors that a route may give."""
    found: dict[int | str, dict[str, Any]] = {}
    for words, error in _each(causes):
        _tell(found.setdefault(error.status, {"model": ProblemBody}), words, error)
    return found


def add_problems(responses: dict[str, Any], *causes: Told) -> None:
    """Writes more of them into the description of a route's answers."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    for words, error in _each(causes):
        answer = responses.setdefault(str(error.status), {})
        _tell(answer, words, error)
        answer["content"]["application/json"]["schema"] = schema


def _each(causes: tuple[Told, ...]) -> Iterator[tuple[str, StillhouseError]]:
    for told in causes:
        yield from told.items()


def _tell(answer: dict[str, Any], words: str, error: StillhouseError) -> None:
    """Adds an example, and the words to the answer's description."""
    answer["description"] = f"{answer.get('description', '')} {words}".strip()
    content = answer.setdefault("content", {}).setdefault("application/json", {})
    value = error.problem() | {"request_id": _REQUEST_ID}
    content.setdefault("examples", {})[words.rstrip(".")] = {"value": value}
