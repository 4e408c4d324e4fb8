from __future__ import annotations

from functools import partial

import pytest

from stillhouse import Client
from tests.stillhouse.commands.completion import completed
from tests.stillhouse.fake_server import JOB_ID, FakeServer


def test_a_shell_completes_the_ids_of_jobs(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    faked = partial(Client, transport=fake.transport)
    monkeypatch.setattr("stillhouse.commands.options.Client", faked)
    assert completed("stillhouse watch job_") == [JOB_ID]
    assert completed("stillhouse watch tch_") == []


def test_a_shell_is_told_nothing_where_no_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_URL", "http://127.0.0.1:9")
    assert completed("stillhouse watch job_") == []
