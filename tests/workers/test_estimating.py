import json
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.errand_records import EstimateRecord
from app.estimates import create_estimate, get_estimate
from app.tables import Dataset, Teacher
from tests.workers.jobs import first_job
from tests.workers.teachers import add_teacher, errands, files_of, small_network
from workers.errand import Errand
from workers.estimating import MOST_S

RESULT: dict[str, object] = {"removals": 9}
PROBLEM: dict[str, object] = {"type": "x", "title": "X", "status": 422, "detail": "d"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Returns the documents that children were told; each answers `RESULT`."""
    documents: list[dict[str, object]] = []

    def run(
        _: Errand, module: str, document: dict[str, object], most_s: float
    ) -> dict[str, object]:
        assert (module, most_s) == ("workers.estimate", MOST_S)
        documents.append(json.loads(json.dumps(document)))
        path = document["teacher"] and document["teacher"]["architecture_path"]  # type: ignore[index]
        documents[-1]["text"] = Path(path).read_text() if path else None
        return {"result": RESULT}

    monkeypatch.setattr(Errand, "run", run)
    return documents


def _ask(database: Database, **parts: object) -> str:
    request = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
    with database.write() as session:
        return create_estimate(session, request | parts)


def _read(database: Database, estimate_id: str) -> EstimateRecord:
    with database.read() as session:
        return get_estimate(session, estimate_id)


def test_a_child_is_told_the_dataset_by_its_numbers(
    database: Database, artifacts: Artifacts, home: Path, told: list[dict[str, object]]
) -> None:
    estimate_id = _ask(database)
    errands(database, artifacts, home, "estimate").run_one()
    estimate = _read(database, estimate_id)
    assert (estimate.state, estimate.result) == ("succeeded", RESULT)
    (document,) = told
    assert document["dataset"] == {
        "n": 1797,
        "test_n": 0,
        "shape": [8, 8, 1],
        "classes": 10,
        "scale": 16.0,
    }
    assert document["teacher"] is None
    assert document["request"]["search"]["round_to"] == 8  # type: ignore[index]


def test_an_uploaded_dataset_and_teacher_are_told_too(
    database: Database, artifacts: Artifacts, home: Path, told: list[dict[str, object]]
) -> None:
    job = first_job(database)
    assert job is not None
    summary = {"n": 70, "test_n": 30, "shape": [8, 8, 1], "classes": ["a", "b"], "x": 1}
    with database.write() as session:
        row = session.get(Dataset, job.request.dataset.id)
        assert row is not None
        row.summary = summary
    teacher_id = add_teacher(database, artifacts, files_of(small_network()))
    _make_ready(database, teacher_id)
    _ask(database, teacher={"id": teacher_id}, dataset={"id": job.request.dataset.id})
    errands(database, artifacts, home, "estimate").run_one()
    (document,) = told
    assert document["dataset"] == {
        "n": 70,
        "test_n": 30,
        "shape": [8, 8, 1],
        "classes": 2,
        "scale": 255.0,
    }
    assert document["text"] == small_network().architecture.to_json()


def _make_ready(database: Database, teacher_id: str) -> None:
    with database.write() as session:
        row = session.get(Teacher, teacher_id)
        assert row is not None
        row.state = "ready"
        row.architecture_key = f"teachers/{teacher_id}/architecture"


def test_what_can_t_be_carried_out_is_a_failed_estimate(
    database: Database, artifacts: Artifacts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "run", lambda *_: {"problem": PROBLEM})
    estimate_id = _ask(database)
    errands(database, artifacts, home, "estimate").run_one()
    estimate = _read(database, estimate_id)
    assert (estimate.state, estimate.error, estimate.result) == ("failed", PROBLEM, None)


def test_a_dataset_that_is_gone_is_told(
    database: Database, artifacts: Artifacts, home: Path, told: list[dict[str, object]]
) -> None:
    estimate_id = _ask(database, dataset={"id": "dst_" + "a" * 22})
    errands(database, artifacts, home, "estimate").run_one()
    error = _read(database, estimate_id).error
    assert error is not None
    assert "there is no dataset" in str(error["detail"])
    assert told == []


def test_a_folder_that_isn_t_there_is_a_failed_estimate(
    database: Database, artifacts: Artifacts, home: Path, told: list[dict[str, object]]
) -> None:
    estimate_id = _ask(database, dataset={"name": "folder/none"})
    errands(database, artifacts, home, "estimate").run_one()
    estimate = _read(database, estimate_id)
    assert estimate.state == "failed"
    assert estimate.error is not None
    assert "no folder 'none'" in str(estimate.error["detail"])
    assert told == []
