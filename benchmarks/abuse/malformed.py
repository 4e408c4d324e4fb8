"""Bytes that are no right request: made by chance from a seed, each of a kind with a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "FOO", "get")
_PATHS = (
    "/v1/jobs",
    "/v1/datasets",
    "/v1/teachers",
    "/v1/estimates",
    "/v1/jobs/job_{0}/events",
    "/v1/jobs/{0}",
    "/v1/students/{0}/files/{0}",
    "/readyz",
    "/",
)
_ODD = ("\x00", "%00", "%ff", "..", "//", "é", "\t", " ", "\\", "?", "#", "%2e%2e%2f", "𝕊")


@dataclass(frozen=True)
class Place:
    """Where it is sent: the Host header and a key that opens the API."""

    host: str
    key: str


def malformed(place: Place, draws: Random) -> tuple[str, bytes]:
    """Returns the name of a kind, and bytes of it."""
    kind = draws.choice(list(_KINDS))
    return kind, _KINDS[kind](place, draws)


def _path(draws: Random) -> str:
    return draws.choice(_PATHS).format("".join(draws.choices(_ODD, k=draws.randint(0, 4))))


def _head(place: Place, draws: Random, *more: str, method: str | None = None) -> bytes:
    lines = [
        f"{method or draws.choice(_METHODS)} {_path(draws)} HTTP/1.1",
        f"Host: {place.host}",
        f"Authorization: Bearer {place.key}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _garbage(_: Place, draws: Random) -> bytes:
    return draws.randbytes(draws.randint(1, 400)) + b"\r\n\r\n"


def _pipelined_garbage(place: Place, draws: Random) -> bytes:
    return _head(place, draws, method="GET") * 3 + draws.randbytes(200)


def _large_head(place: Place, draws: Random) -> bytes:
    return _head(place, draws, "A: " + "a" * draws.choice((9_000, 70_000, 300_000)))


def _many_headers(place: Place, draws: Random) -> bytes:
    return _head(place, draws, *[f"X-{n}: {n}" for n in range(draws.choice((200, 5000)))])


def _odd_header(place: Place, draws: Random) -> bytes:
    odd = "".join(draws.choices([*_ODD, "a", ":", "\r", "\n"], k=8))
    return _head(place, draws, f"{odd}: {odd}", f"Range: bytes={odd}", f"If-None-Match: {odd}")


def _wrong_length(place: Place, draws: Random) -> bytes:
    length = draws.choice(("-1", "1e3", "99999999999999999999", "0x10", "", "5, 6", "²"))
    return _head(place, draws, f"Content-Length: {length}", *_JSON, method="POST") + b"{}"


def _short_body(place: Place, draws: Random) -> bytes:
    return _head(place, draws, "Content-Length: 1", *_JSON, method="POST") + b'{"name": "x"}' * 9


def _wrong_chunks(place: Place, draws: Random) -> bytes:
    head = _head(place, draws, "Transfer-Encoding: chunked", *_JSON, method="POST")
    size = draws.choice((b"zz", b"-5", b"ffffffffffffffffff", b"5;" + b"x" * 9000, b"", b"2 2"))
    return head + size + b"\r\n{}\r\n0\r\n\r\n"


def _both_lengths(place: Place, draws: Random) -> bytes:
    both = ("Transfer-Encoding: chunked", "Content-Length: 4")
    return _head(place, draws, *both, *_JSON, method="POST") + b"0\r\n\r\n"


def _wrong_json(place: Place, draws: Random) -> bytes:
    body = draws.choice(
        (
            b'{"name": "\xff\xfe"}',
            b'{"name": "\x00"}',
            b'{"name": "\\ud800"}',
            b"[" * 200_000,
            b'{"a":' * 50_000,
            b'{"search": {"seed": ' + b"9" * 5000 + b"}}",
            b"\xef\xbb\xbf{}",
            draws.randbytes(300),
        )
    )
    return _head(place, draws, f"Content-Length: {len(body)}", *_JSON, method="POST") + body


def _wrong_form(place: Place, draws: Random) -> bytes:
    part = b'--b\r\nContent-Disposition: form-data; name="' + draws.choice(
        (b"file", b"weights", b"\xff", b"a" * 70_000, b'file"; filename="\x00')
    )
    body = (
        part + b'"\r\n\r\n' + draws.randbytes(500) + draws.choice((b"\r\n--b--\r\n", b"", b"--b"))
    )
    kind = "Content-Type: multipart/form-data; boundary=b"
    return _head(place, draws, f"Content-Length: {len(body)}", kind, method="POST") + body


def _cut_off(place: Place, draws: Random) -> bytes:
    whole = _head(place, draws, "Content-Length: 500", *_JSON, method="POST") + b"{" * 300
    return whole[: draws.randrange(1, len(whole))]


_JSON = ("Content-Type: application/json",)
_KINDS: Mapping[str, Callable[[Place, Random], bytes]] = {
    "garbage": _garbage,
    "pipelined garbage": _pipelined_garbage,
    "large head": _large_head,
    "many headers": _many_headers,
    "odd header": _odd_header,
    "wrong length": _wrong_length,
    "more body than said": _short_body,
    "wrong chunks": _wrong_chunks,
    "both lengths": _both_lengths,
    "wrong JSON": _wrong_json,
    "wrong form": _wrong_form,
    "cut off": _cut_off,
}
