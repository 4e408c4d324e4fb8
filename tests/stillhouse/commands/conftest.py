from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from typer.testing import CliRunner, Result

from stillhouse import Client, cli
from tests.stillhouse.fake_server import FakeServer

Run = Callable[..., Result]


@pytest.fixture
def run(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command whose server is the fake one."""
    faked = partial(Client, transport=fake.transport, sleep=lambda _: None)
    talking = (
        "submit",
        "estimate",
        "watch",
        "best",
        "pareto",
        "jobs",
        "library",
        "options",
        "deletion",
    )
    for command in talking:
        monkeypatch.setattr(f"stillhouse.commands.{command}.Client", faked)
    return lambda *arguments, typed=None: CliRunner().invoke(cli.app, arguments, input=typed)
