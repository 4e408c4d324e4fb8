import gzip

from starlette.requests import Request

from app.file_answer import file_answer
from app.page_files import PageFile

FILE = PageFile.of(b"a page" * 100, "text/html")


def _request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


def test_it_is_packed_for_who_takes_it_packed() -> None:
    plain, packed = (
        file_answer(_request(accept_encoding=one), FILE) for one in ("identity", "br, gzip")
    )
    assert gzip.decompress(bytes(packed.body)) == plain.body == FILE.content
    assert packed.headers["etag"] != plain.headers["etag"]


def test_who_has_it_gets_no_body() -> None:
    answer = file_answer(_request(if_none_match=f'"{FILE.tag}"'), FILE)
    assert (answer.status_code, answer.body) == (304, b"")


def test_a_policy_is_sent_where_there_is_one() -> None:
    name = "content-security-policy"
    assert file_answer(_request(), FILE, "default-src 'self'").headers[name] == "default-src 'self'"
    assert name not in file_answer(_request(), FILE).headers
