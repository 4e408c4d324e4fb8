import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import claim_errand
from app.problems import LeaseLost
from app.settings import Settings
from tests.workers.jobs import NEVER_S
from tests.workers.teachers import add_teacher
from workers.child import ChildFailed
from workers.errand import Errand
from workers.work import Stopping


@pytest.fixture
def errand(database: Database, artifacts: Artifacts, tmp_path: Path) -> Errand:
    add_teacher(database, artifacts, {"onnx": b"x"}, "onnx")
    lease = claim_errand(database, "a", NEVER_S)
    assert lease is not None
    settings = Settings(tmp_path, "", "")
    lost, stop = threading.Event(), threading.Event()
    return Errand(lease, database, artifacts, settings, tmp_path, lost, stop)


def test_a_lease_that_was_lost_ends_the_child(errand: Errand) -> None:
    errand.lost.set()
    with pytest.raises(LeaseLost):
        errand.run("tests.workers.misbehaving", {"do": "spin"})


def test_a_coordinator_that_is_to_end_lets_go(errand: Errand) -> None:
    errand.stop.set()
    with pytest.raises(Stopping):
        errand.run("tests.workers.misbehaving", {"do": "spin"})


def test_a_child_runs_within_the_settings(errand: Errand) -> None:
    told = errand.run("tests.workers.misbehaving", {"do": "tell"})
    assert told["folder"] == str(errand.folder)
    small = replace(errand, settings=Settings(errand.folder, "", "", max_teacher_bytes=1))
    with pytest.raises(ChildFailed, match="a file of more than"):
        small.run("tests.workers.misbehaving", {"do": "write", "bytes": 65 * 2**20})


def test_an_errand_may_have_less_time_than_the_settings_allow(errand: Errand) -> None:
    with pytest.raises(ChildFailed, match=r"it takes longer than 0\.1 seconds"):
        errand.run("tests.workers.misbehaving", {"do": "spin"}, most_s=0.1)
