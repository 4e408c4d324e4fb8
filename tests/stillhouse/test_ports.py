from __future__ import annotations

import socket

import pytest

from stillhouse.errors import CannotServe
from stillhouse.ports import answers, free_port, require_free


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert answers("127.0.0.1", port)
        with pytest.raises(CannotServe, match=f"{port}.*--port"):
            require_free("127.0.0.1", port)


def test_a_free_port_can_be_had() -> None:
    port = free_port()
    assert not answers("127.0.0.1", port)
    require_free("127.0.0.1", port)


def test_an_address_of_another_machine_has_no_free_port() -> None:
    with pytest.raises(CannotServe, match=r"can't listen on 192\.0\.2\.1"):
        free_port("192.0.2.1")
