"""Sockets that listen at one address for several processes, which share out who connects.

Each process has its own, and the kernel gives each new connection to one of them (SO_REUSEPORT).
"""

import errno
import socket
from collections.abc import Iterable
from typing import Any

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # as ::1 where there is no IPv6
_Address = tuple[Any, ...]


def listen(host: str, port: int, number: int, backlog: int) -> list[list[socket.socket]]:
    """Returns the sockets of each of so many processes, one for every address of the host.

    Nobody else can have the port: the first socket of an address is bound and listens before it
    lets others in, and another server's first socket is refused meanwhile.

    Args:
        host: a name or an address.
        port: 0 takes any free one, the same at every address.
        number: of processes.
        backlog: how many connections may wait to be accepted, at each socket.

    Raises:
        OSError: the port is in use, or the host is no address of this machine.
    """
    at_addresses: list[list[socket.socket]] = []
    missing: OSError | None = None
    for family, address in _addresses(host, port):
        wanted = (address[0], port, *address[2:])  # the first decides where any port will do
        try:
            at_addresses.append(_listen_at(family, wanted, number, backlog))
        except OSError as error:
            if error.errno not in _NOT_HERE:
                close(at_addresses)
                raise
            missing = error
            continue
        port = int(at_addresses[0][0].getsockname()[1])
    if missing is not None and not at_addresses:
        raise missing
    return [list(share) for share in zip(*at_addresses, strict=True)]


def close(shares: Iterable[Iterable[socket.socket]]) -> None:
    """Closes all sockets in this process."""
    for share in shares:
        for one in share:
            one.close()


def _listen_at(
    family: socket.AddressFamily, address: _Address, number: int, backlog: int
) -> list[socket.socket]:
    """Returns a socket for each process; there is none if one of them can't be had."""
    first = _listener(family, address, backlog, is_shared=False)
    made = [first]
    try:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        while len(made) < number:
            made.append(_listener(family, first.getsockname(), backlog, is_shared=True))
    except OSError:
        close([made])
        raise
    return made


def _listener(
    family: socket.AddressFamily, address: _Address, backlog: int, *, is_shared: bool
) -> socket.socket:
    # By its protocol asyncio knows that small writes needn't wait for one another (TCP_NODELAY);
    # without, an answer whose head and body are two of them takes 40 ms more.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(backlog)
    except OSError:
        made.close()
        raise
    return made


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, _Address]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))
