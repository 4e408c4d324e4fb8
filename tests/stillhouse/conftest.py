from __future__ import annotations

from collections.abc import Iterator

import pytest

from stillhouse import Client
from tests.stillhouse.fake_server import FakeServer


@pytest.fixture
def fake() -> FakeServer:
    return FakeServer()


@pytest.fixture
def client(fake: FakeServer) -> Iterator[Client]:
    with Client("http://fake", transport=fake.transport, sleep=lambda _: None) as client:
        yield client
