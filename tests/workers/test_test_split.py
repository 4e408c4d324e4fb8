from pathlib import Path

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.problems import Conflict
from tests.workers.jobs import add_job, held_work
from workers.preparation import prepare
from workers.shelf import Shelf
from workers.test_split import main, write_test_split


def test_the_file_holds_the_preprocessed_test_images(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    work = held_work(database, artifacts)
    prepared = prepare(work)
    path = tmp_path / "test.pt"
    count = write_test_split(database, artifacts, Shelf(), work.job.id, path)
    split = torch.load(path, weights_only=True)
    test = prepared.splits.test
    assert count == len(test) > 0
    assert split["y"].tolist() == prepared.dataset.labels[test].tolist()
    assert split["y"].dtype == torch.int64
    raw = torch.from_numpy(prepared.dataset.images[test])
    assert torch.equal(split["x"], prepared.preprocessing.apply(raw))
    assert [p.name for p in tmp_path.glob("test.pt*")] == ["test.pt"]


def test_a_job_without_a_teacher_has_no_test_split_yet(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    job_id = add_job(database, artifacts, trained=False)
    with pytest.raises(Conflict, match="no teacher yet"):
        write_test_split(database, artifacts, Shelf(), job_id, tmp_path / "test.pt")
    assert not list(tmp_path.glob("test.pt*"))


def test_the_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path))
    monkeypatch.delenv("STILLHOUSE_DATABASE_URL", raising=False)
    Database(f"sqlite:///{tmp_path}/stillhouse.db").upgrade()
    assert main(["job_missing", str(tmp_path / "test.pt")]) == 1
    assert "there is no job 'job_missing'" in capsys.readouterr().err
