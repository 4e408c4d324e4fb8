import sys
from pathlib import Path

import pytest

from app import prune
from app.artifacts import Artifacts, ListedFile
from app.database import Database
from app.pruning import Removable

KEY = "jobs/job_1/checkpoints/3"


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifacts:
    """The artifacts of an installation that has a checkpoint of a job which is no more."""
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path))
    for name in ("DATABASE_URL", "ARTIFACTS_URL"):
        monkeypatch.delenv(f"STILLHOUSE_{name}", raising=False)
    database = Database(f"sqlite:///{tmp_path}/stillhouse.db")
    database.upgrade()
    database.close()
    artifacts = Artifacts(f"file://{tmp_path}/artifacts")
    artifacts.put_bytes(KEY, b"on the way")
    return artifacts


@pytest.mark.parametrize("is_meant", [False, True])
def test_nothing_is_removed_unless_it_is_meant(
    is_meant: bool,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["prune", "--yes"] if is_meant else ["prune"])
    prune.main()
    assert artifacts.exists(KEY) is not is_meant
    said = capsys.readouterr().out
    assert "1 files  checkpoints of jobs that have ended" in said
    assert ("--yes" in said) is not is_meant


def test_a_database_of_another_revision_is_left_alone(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["prune", "--yes"])
    monkeypatch.setattr("app.database.REVISION", "9999")
    with pytest.raises(SystemExit):
        prune.main()
    assert artifacts.exists(KEY)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("stillhouse db prune: ")


def test_each_kind_is_told_with_its_size() -> None:
    found = [Removable("orphan", ListedFile(f"datasets/{n}", 2**20)) for n in range(3)]
    found.append(Removable("part", ListedFile("datasets/4.part", 2**19)))
    lines = [" ".join(line.split()) for line in prune.told(found, removed=True)]
    assert lines == [
        "3.0 MiB 3 files files older than a day that no row names",
        "0.5 MiB 1 files files older than a day that were never finished",
        "3.5 MiB 4 files removed",
    ]
    assert prune.told([], removed=False) == ["nothing to remove"]
