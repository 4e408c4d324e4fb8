import asyncio
import errno
import socket
from collections import Counter
from contextlib import closing

import pytest

from app.listeners import close, listen


def _port(shares: list[list[socket.socket]]) -> int:
    return int(shares[0][0].getsockname()[1])


def test_each_process_has_a_socket_at_the_same_port_and_gets_some_who_connect() -> None:
    shares = listen("127.0.0.1", 0, 3, 256)
    clients = [socket.create_connection(("127.0.0.1", _port(shares))) for _ in range(150)]
    taken: Counter[int] = Counter()
    for number, (one,) in enumerate(shares):
        assert one.getsockname() == shares[0][0].getsockname()
        one.setblocking(False)
        while True:
            try:
                one.accept()[0].close()
            except BlockingIOError:
                break
            taken[number] += 1
    assert sum(taken.values()) == len(clients)
    assert min(taken[number] for number in range(3)) > 10
    for client in clients:
        client.close()
    close(shares)


def test_asyncio_sends_what_is_written_at_once() -> None:
    async def is_undelayed(listener: socket.socket) -> bool:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(take, sock=listener):
            with socket.create_connection(listener.getsockname()):
                return bool(await found)

    ((only,),) = listen("127.0.0.1", 0, 1, 8)
    assert asyncio.run(is_undelayed(only))


@pytest.mark.parametrize("number", [1, 2])
def test_nobody_else_can_have_the_port(number: int) -> None:
    shares = listen("127.0.0.1", 0, number, 8)
    for others in (1, 2):
        with pytest.raises(OSError, match="in use") as caught:
            listen("127.0.0.1", _port(shares), others, 8)
        assert caught.value.errno == errno.EADDRINUSE
    port = _port(shares)
    close(shares)
    close(listen("127.0.0.1", port, number, 8))


def test_another_servers_port_is_not_shared() -> None:
    other = socket.create_server(("127.0.0.1", 0), reuse_port=True)
    with closing(other), pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", other.getsockname()[1], 2, 8)


def test_a_name_with_several_addresses_has_one_port_at_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    missing = (*stream, ("192.0.2.1", 0))  # kept for documentation: nobody's address
    found = [missing, (*stream, ("127.0.0.1", 0)), (*stream, ("127.0.0.2", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    shares = listen("still.example", 0, 2, 8)
    hosts = [[one.getsockname()[0] for one in share] for share in shares]
    assert hosts == [["127.0.0.1", "127.0.0.2"]] * 2
    assert len({one.getsockname()[1] for share in shares for one in share}) == 1
    close(shares)
    found[1:] = []
    with pytest.raises(OSError, match="assign"):
        listen("still.example", 0, 2, 8)


def test_nothing_stays_open_where_one_address_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    with closing(socket.create_server(("127.0.0.2", 0))) as other:
        port = other.getsockname()[1]
        found = [(*stream, ("127.0.0.1", port)), (*stream, ("127.0.0.2", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(OSError, match="in use"):
            listen("still.example", port, 2, 8)
        socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_an_ipv6_address_is_listened_at_alone() -> None:
    try:
        shares = listen("::1", 0, 2, 8)
    except OSError as error:
        pytest.skip(f"there is no IPv6: {error.strerror}")
    assert [one.family for share in shares for one in share] == [socket.AF_INET6] * 2
    socket.create_connection(("::1", _port(shares))).close()
    with pytest.raises(OSError, match="in use"):
        listen("::1", _port(shares), 2, 8)
    close(shares)
