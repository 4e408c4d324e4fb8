"""Every error answer is a problem (RFC 9457): whatever was raised, and by whom."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from app.field_errors import field_errors
from app.log_context import request_id
from app.problems import (
    MEDIA_TYPE,
    Invalid,
    MethodNotAllowed,
    NotFound,
    NotReady,
    StillhouseError,
    problem,
)
from app.request_ids import HEADER

# What the framework refuses by itself, in our words.
_OF_FRAMEWORK = {kind.status: kind for kind in (NotFound, MethodNotAllowed)}


def install(app: FastAPI) -> None:
    """Has the app answer every error with a problem."""
    app.add_exception_handler(StillhouseError, _ours)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _no_database)
    app.add_exception_handler(PoolTimeoutError, _no_database)
    app.add_exception_handler(ClientDisconnect, _nobody_listens)
    app.add_exception_handler(Exception, _unexpected)


def problem_answer(error: StillhouseError) -> Response:
    """Returns the answer to a request that one of our errors ended."""
    return _answer(error.status, error.problem(), error.headers)


def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, StillhouseError)
    return problem_answer(error)


def _parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = field_errors(error.errors(), skip=1)
    return _ours(request, Invalid("a parameter is not what it should be: see errors", found))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = f"{request.method} {request.url.path}: {phrase}"
    kind = _OF_FRAMEWORK.get(error.status_code)
    if kind is not None:
        return _answer(kind.status, kind(detail).problem(), error.headers)
    own = problem(error.status_code, phrase.lower().replace(" ", "-"), phrase, detail)
    return _answer(error.status_code, own, error.headers)


def _no_database(request: Request, _: Exception) -> Response:
    return _ours(request, NotReady("the database does not answer"))


def _nobody_listens(_: Request, __: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _unexpected(request: Request, _: Exception) -> Response:
    return _ours(request, StillhouseError("an unexpected error; the server's log has more"))


def _answer(
    status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Response:
    asked = request_id()
    if asked is not None:
        body = {**body, "request_id": asked}
        headers = {**(headers or {}), HEADER: asked}  # where no middleware is left to add it
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)
