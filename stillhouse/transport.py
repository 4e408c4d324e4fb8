"""HTTP to a server: every answer is a document or an exception."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from stillhouse.documents import Document
from stillhouse.errors import NotAnswered, Refused, Unreachable, UnusableAddress, UnusableKey
from stillhouse.patience import PATIENCE_S, again_after_s

# Reads wait for the database at worst; an upload is also unpacked and checked.
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_UPLOAD_TIMEOUT = httpx.Timeout(600.0, connect=5.0)
# A server that answered before and is silent now is being restarted: 15 s in all.
_RETRY_AFTER_S = (1.0, 2.0, 4.0, 8.0)


_NOT_MODIFIED = 304
_TOO_MANY = 429
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
_SILENT = (httpx.ReadTimeout, httpx.WriteTimeout)
_UNDER_WAY = ":under-way"  # the end of the problem's type: the first one is being carried out


class Tagged(NamedTuple):
    """A document and its entity tag, where the server gave one."""

    document: Document
    tag: str | None


class Transport:
    """One server's address and the connections to it.

    Args:
        url: The server, `http://host:port`.
        transport: Replaces the network, as tests do.
        sleep: Waits between two tries.
        key: An API key, sent with every request and told nowhere else.
        patience_s: How long in all a request waits where the server says later (429, 503).

    Raises:
        UnusableAddress: The address is none of HTTP.
        UnusableKey: The key isn't one line of visible ASCII characters.
    """

    def __init__(
        self,
        url: str,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        key: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.url = _address(url)
        self._sleep = sleep
        self._patience_s = patience_s
        self._answered = False
        self._http = httpx.Client(
            base_url=self.url, headers=_identity(key), timeout=_TIMEOUT, transport=transport
        )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def get(self, path: str, **params: str | int) -> Document:
        """Returns the document at a path; raises Refused, Unreachable or NotAnswered.

        A server that has answered before is given a while to come back.
        """
        for pause_s in _RETRY_AFTER_S if self._answered else ():
            try:
                return self._document(self._send("GET", path, params=params))
            except Unreachable:
                self._sleep(pause_s)
        return self._document(self._send("GET", path, params=params))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Document:
        """Returns the answer to a JSON body; raises Refused, Unreachable or NotAnswered."""
        return self._document(self._send("POST", path, json=body))

    def post_once(self, path: str, body: Mapping[str, Any]) -> Document:
        """Returns the answer to a JSON body that makes something, once.

        It is sent again when the connection breaks off, or a server that answered before is
        silent. An `Idempotency-Key` lets the server tell that it is the same.
        """
        return self._once(path, json=body)

    def get_changed(self, path: str, tag: str | None, wait_s: int) -> Tagged | None:
        """Returns the document at a path as soon as it is another one; None while it isn't.

        None comes at once where the server has no room for one more who waits.

        Args:
            path: Of what the server gives an entity tag for.
            tag: Of the document that the caller has; None if there is none: nothing is waited for.
            wait_s: How long the server may hold its answer.

        Raises:
            Refused, Unreachable, NotAnswered: As `get`.
        """
        headers = {} if tag is None else {"If-None-Match": tag}
        params = {"wait": wait_s} if tag is not None and wait_s > 0 else {}
        timeout = httpx.Timeout(30.0 + wait_s, connect=5.0)
        asked: dict[str, Any] = {"params": params, "headers": headers, "timeout": timeout}
        for pause_s in _RETRY_AFTER_S if self._answered else ():
            try:
                return self._tagged(self._send("GET", path, **asked), held="wait" in params)
            except Unreachable:
                self._sleep(pause_s)
        return self._tagged(self._send("GET", path, **asked), held="wait" in params)

    def delete(self, path: str) -> None:
        """Has the server delete what is at a path; raises Refused or Unreachable."""
        answer = self._send("DELETE", path)
        if answer.is_error:
            raise _refusal(answer)

    def upload(self, path: str, files: Mapping[str, Any], form: Mapping[str, str]) -> Document:
        """Returns the answer to a multipart upload; the files are streamed.

        It is sent again as `post_once` does, each file from its beginning.

        Args:
            path: Where it is sent.
            files: Name, seekable file and media type by field, as httpx takes them.
            form: The other fields.

        Raises:
            Refused: The server doesn't take the file, and says why.
            Unreachable: No answer came.
        """
        return self._once(path, files=files, data=dict(form), timeout=_UPLOAD_TIMEOUT)

    def upload_files(
        self, path: str, files: Mapping[str, Path], form: Mapping[str, str]
    ) -> Document:
        """Returns the answer to a multipart upload of files by their fields; raises as `upload`."""
        with ExitStack() as stack:
            content = {
                name: (file.name, stack.enter_context(file.open("rb")), "application/octet-stream")
                for name, file in files.items()
            }
            return self.upload(path, content, form)

    def items(self, path: str, **params: int) -> Iterator[Document]:
        """Yields the items of a list; a page is fetched when it is reached."""
        page = self.get(path, **params)
        while True:
            yield from page["items"]
            if not page.get("next"):
                return
            page = self.get(path, cursor=page["next"], **params)

    def ready(self) -> bool:
        """Returns whether the server answers and says that it can work."""
        try:
            return self._send("GET", "/readyz", patience_s=0.0).is_success
        except Unreachable:
            return False

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        """Yields the chunks of a file; raises Refused or Unreachable."""
        answer = self._send("GET", path, stream=True)
        with self._reaching(), closing(answer):
            if answer.is_error:
                answer.read()
                raise _refusal(answer)
            yield answer.iter_bytes()

    def _once(self, path: str, **content: Any) -> Document:  # noqa: ANN401 - what httpx takes
        headers = {"Idempotency-Key": str(uuid4())}
        lost: Unreachable | None = None
        for pause_s in (*_RETRY_AFTER_S, None):
            try:
                return self._document(self._send("POST", path, **content, headers=headers))
            except Unreachable as error:
                never_reached = isinstance(error.__cause__, _NOT_SENT)
                waited_long = "files" in content and isinstance(error.__cause__, _SILENT)
                if pause_s is None or waited_long or (never_reached and not self._answered):
                    raise
                lost = error
            except Refused as refusal:
                if not str(refusal.problem.get("type", "")).endswith(_UNDER_WAY):
                    raise
                if pause_s is None:
                    raise lost or refusal from None
            self._sleep(pause_s)
        raise AssertionError

    def _send(
        self,
        method: str,
        path: str,
        *,
        stream: bool = False,
        patience_s: float | None = None,
        **content: Any,  # noqa: ANN401 - what httpx takes
    ) -> httpx.Response:
        """Returns the answer; where that is "later", the one that comes after waiting."""
        left_s = self._patience_s if patience_s is None else patience_s
        while True:
            with self._reaching():
                request = self._http.build_request(method, path, **content)
                answer = self._http.send(request, stream=stream)
            self._answered = True
            wanted_s = again_after_s(answer, left_s)
            if wanted_s is None:
                return answer
            answer.close()
            left_s -= wanted_s
            self._sleep(wanted_s)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            msg = f"no answer from {self.url} ({str(error) or type(error).__name__})"
            raise Unreachable(msg) from error
        except httpx.InvalidURL as error:
            msg = f"{self.url} is not an address ({error})"
            raise Unreachable(msg) from error

    def _tagged(self, answer: httpx.Response, *, held: bool) -> Tagged | None:
        """Returns a document that is new; None of none, and where it was `held` for nobody."""
        if answer.status_code == _NOT_MODIFIED or (held and answer.status_code == _TOO_MANY):
            return None
        return Tagged(self._document(answer), answer.headers.get("etag"))

    def _document(self, answer: httpx.Response) -> Document:
        if answer.is_error:
            raise _refusal(answer)
        try:
            document = answer.json()
        except ValueError as error:
            msg = f"{answer.request.url} answered {answer.status_code} without JSON"
            raise NotAnswered(msg) from error
        if not isinstance(document, dict):
            msg = f"{answer.request.url} answered with a JSON {type(document).__name__}"
            raise NotAnswered(msg)
        return document


def _address(url: str) -> str:
    """Returns a server's address without a slash at its end."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        msg = f"{url!r} can't be a server's address: it is to be like http://127.0.0.1:8000"
        raise UnusableAddress(msg)
    return url.rstrip("/")


def _identity(key: str | None) -> dict[str, str]:
    """Returns the header that says who asks; a key ends up in no message, not even a wrong one."""
    if key is None or not (key := key.strip()):
        return {}
    if not all("!" <= character <= "~" for character in key):
        msg = "an API key is one line of visible ASCII characters without spaces; this one isn't"
        raise UnusableKey(msg)
    return {"Authorization": f"Bearer {key}"}


def _refusal(answer: httpx.Response) -> Refused:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"title": f"HTTP {answer.status_code} {answer.reason_phrase}".strip()}
    return Refused(answer.status_code, problem, answer.headers.get("x-request-id", ""))
