from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse import TeacherRejected
from stillhouse.teacher_source import TeacherSource
from stillhouse.transport import Transport
from stillhouse.uploads import send_dataset, send_teacher
from tests.stillhouse.fake_server import FakeServer, teacher_document


@pytest.fixture
def transport(fake: FakeServer) -> Transport:
    return Transport("http://fake", fake.transport)


def test_a_teacher_is_waited_for_until_it_is_checked(
    transport: Transport, fake: FakeServer, tmp_path: Path
) -> None:
    weights = tmp_path / "weights"
    weights.touch()
    source = TeacherSource("Little", {"weights": weights}, network="zoo/vgg19")
    pauses: list[float] = []
    assert send_teacher(transport, source, 9.0, pauses.append).state == "ready"
    assert len(pauses) == 1
    fake.teachers = [teacher_document(state="rejected", error={"detail": "no graph"})]
    with pytest.raises(TeacherRejected, match="no graph"):
        send_teacher(transport, source, 9.0, pauses.append)


def test_a_dataset_is_called_as_its_file_or_as_is_said(
    transport: Transport, fake: FakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "pets.npz"
    path.write_bytes(b"PK")
    send_dataset(transport, path, None)
    send_dataset(transport, str(path), "cats")
    first, second = (request.content for request in fake.requests)
    assert b"pets\r\n" in first
    assert b"cats\r\n" in second
