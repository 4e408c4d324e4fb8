from __future__ import annotations

import pytest

from stillhouse import Client
from stillhouse.commands.naming import Names
from tests.stillhouse.fake_server import FakeServer, problem


def test_an_upload_is_called_by_its_name_and_asked_for_once(fake: FakeServer) -> None:
    with Client("http://fake", transport=fake.transport) as client:
        names = Names(client)
        request = {"teacher": {"id": "tch_1"}, "dataset": {"id": "dst_1"}}
        assert [names.title(request) for _ in range(3)] == ["Little on flowers"] * 3
        assert names.title({**request, "teacher": {"network": "zoo/vgg19"}}) == (
            "zoo/vgg19 on flowers"
        )
    assert len(fake.requests) == 2


@pytest.mark.parametrize("text", ["digits", "torchvision/cifar10", "job_1", "2026-01-02"])
def test_what_is_no_upload_is_not_asked_for(fake: FakeServer, text: str) -> None:
    with Client("http://fake", transport=fake.transport) as client:
        assert Names(client).of(text) == text
    assert fake.requests == []


def test_what_was_deleted_keeps_its_id(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = problem(404, "Not found", "there is no dst_1")
    monkeypatch.setattr(fake, "_get_dataset", lambda *_: gone)
    with Client("http://fake", transport=fake.transport) as client:
        assert Names(client).of("dst_1") == "dst_1"
