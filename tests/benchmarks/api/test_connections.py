import asyncio

import pytest

from benchmarks.api.connections import Answer, Broken, Connections, parse

HEAD = b'HTTP/1.1 200 OK\r\ncontent-length: 3\r\netag: W/"a"'


def test_an_answer_is_whole_when_its_last_byte_is_there() -> None:
    whole = HEAD + b"\r\n\r\nabc"
    assert [parse(bytearray(whole[:n])) for n in range(len(whole))] == [None] * len(whole)
    assert parse(bytearray(whole)) == Answer(200, HEAD, b"abc")
    assert Answer(200, HEAD, b"abc").tag == 'W/"a"'


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(status: int) -> None:
    found = parse(bytearray(b"HTTP/1.1 %d X\r\netag: a\r\n\r\n" % status))
    assert found is not None
    assert (found.status, found.body) == (status, b"")


@pytest.mark.parametrize("received", [HEAD + b"\r\n\r\nabcd", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_what_is_no_answer_of_ours_is_an_error(received: bytes) -> None:
    with pytest.raises(Broken):
        parse(bytearray(received))


def test_a_connection_is_kept_and_one_that_ends_is_an_error() -> None:
    assert asyncio.run(_three_answers()) == ([b"1", b"2"], 1)


async def _three_answers() -> tuple[list[bytes], int]:
    asked = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            asked[0] += 1
            if asked[0] == 3:
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % asked[0])

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connections = Connections("127.0.0.1", server.sockets[0].getsockname()[1])
        bodies = [(await connections.ask(b"GET\n", 5.0)).body for _ in range(2)]
        with pytest.raises(Broken):
            await connections.ask(b"GET\n", 5.0)
        connections.close()
        return bodies, connections.opened
