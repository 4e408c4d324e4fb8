from __future__ import annotations

import json

import pytest

from stillhouse import Refused
from stillhouse.commands.deletion import NotConfirmed
from stillhouse.ids import UnknownKind
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import FakeServer


def deleted(fake: FakeServer) -> list[str]:
    return [request.url.path for request in fake.requests if request.method == "DELETE"]


def test_things_of_all_kinds_are_deleted(run: Run, fake: FakeServer) -> None:
    ids = ["job_1", "dst_2", "tch_3", "emb_4"]
    done = run("delete", *ids, "--yes")
    assert done.output.splitlines() == [f"{one} is deleted" for one in ids]
    kinds = ("jobs", "datasets", "teachers", "embeddings")
    assert deleted(fake) == [f"/v1/{kind}/{one}" for kind, one in zip(kinds, ids, strict=True)]
    assert json.loads(run("delete", "job_1", "--yes", "--json").stdout) == {"deleted": "job_1"}


def test_nobody_to_ask_is_no_yes(run: Run, fake: FakeServer) -> None:
    assert isinstance(run("delete", "job_1").exception, NotConfirmed)
    assert fake.requests == []


@pytest.mark.parametrize(("answer", "gone"), [("y", ["/v1/jobs/job_1"]), ("n", [])])
def test_a_person_is_asked(
    run: Run, fake: FakeServer, monkeypatch: pytest.MonkeyPatch, answer: str, gone: list[str]
) -> None:
    monkeypatch.setattr("stillhouse.commands.deletion.is_person_here", lambda: True)
    run("delete", "job_1", typed=answer)
    assert deleted(fake) == gone


def test_a_misspelt_id_is_told_before_the_first_is_gone(run: Run, fake: FakeServer) -> None:
    assert isinstance(run("delete", "job_1", "std_1", "--yes").exception, UnknownKind)
    assert fake.requests == []


def test_what_is_not_there_is_refused(run: Run) -> None:
    assert isinstance(run("delete", "dst_none", "--yes").exception, Refused)
