from __future__ import annotations

from pathlib import Path

import pytest

from stillhouse import Client, DownloadDamaged
from tests.stillhouse.fake_server import JOB_ID, FakeServer


def test_a_damaged_file_leaves_the_folder_as_it_was(
    client: Client, fake: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "report.json").write_text("of an earlier student")
    fake.files = {"report.json": b"{}", "student.pt2": b"graph"}
    fake.damaged = {"student.pt2"}
    with pytest.raises(DownloadDamaged, match=r"student\.pt2: expected 5 bytes"):
        client.job(JOB_ID).download(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "of an earlier student"


def test_a_second_download_replaces_the_first(
    client: Client, fake: FakeServer, tmp_path: Path
) -> None:
    job = client.job(JOB_ID)
    for data in (b"first", b"second"):
        fake.files = {"student.pt2": data}
        job.download(tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"second"]


@pytest.mark.parametrize("name", ["../evil", "/evil", "", ".."])
def test_a_file_can_not_leave_the_folder(
    client: Client, fake: FakeServer, tmp_path: Path, name: str
) -> None:
    fake.files = {name: b"evil"}
    with pytest.raises(DownloadDamaged, match="announced a file named"):
        client.job(JOB_ID).download(tmp_path / "student")
    assert not (tmp_path / "evil").exists()
