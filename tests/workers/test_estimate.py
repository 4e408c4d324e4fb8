import io
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

import networks
from app.estimate_example import ESTIMATE
from app.problems import TYPE_PREFIX
from workers import estimate
from workers.estimate import answer

DIGITS = {"n": 1797, "test_n": 0, "shape": [8, 8, 1], "classes": 10, "scale": 16.0}
BUSY_WORDS = "the workers were busy with other work, and too little time was left"


def document(**changes: object) -> dict[str, Any]:
    request = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}, **changes}
    return {"request": request, "dataset": DIGITS, "teacher": None}


def told(**changes: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(answer(document(**changes), lambda: 0.0)))
    return found


def test_a_job_is_estimated() -> None:
    result = told(constraints={"params_ratio": 0.25})["result"]
    assert (result["teacher"]["layers"], result["teacher"]["input_shape"]) == (22, [1, 8, 8])
    assert len(result["groups"]) == 12
    assert result["removals"] > 0
    assert result["frozen"] == {}
    sizes = [result["space"][name]["params"] for name in ("smallest", "median", "largest")]
    assert sizes == sorted(sizes)
    assert result["space"]["drawn"] >= 500
    assert sum(result["space"]["histogram"]["macs_ratio"]["counts"]) == result["space"]["drawn"]
    assert result["constraints"]["feasible"]
    assert 0 < result["constraints"]["feasible_share"] < 1
    assert result["latency"]["skipped"].keys() == {"smallest", "median", "largest", "teacher"}
    times = result["time"]
    assert times["total_s"] > times["search_s"] > times["trial_s"] > 0


def test_an_estimate_has_what_the_apis_example_has() -> None:
    result, example = told()["result"], ESTIMATE["result"]
    assert result.keys() == example.keys()
    for part in ("teacher", "space", "constraints", "latency", "time"):
        assert result[part].keys() == example[part].keys(), part
    assert result["space"]["median"].keys() == example["space"]["median"].keys()


def test_what_there_was_no_time_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "_stretch", lambda: 2.0)
    late = told()["result"]
    assert late["space"]["drawn"] == 500
    assert late["notes"] == [
        "500 students were drawn instead of 2,000",
        "training steps of 1 instead of 3 students were timed",
        f"no latency was measured of smallest, largest, median, teacher: {BUSY_WORDS}",
    ]
    asked = document(latency={"runtime": "pytorch"})
    in_time: Any = answer(asked, lambda: 1000.0)["result"]
    assert (in_time["space"]["drawn"], in_time["notes"]) == (2000, [])


def test_nobody_is_blamed_on_an_idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "_stretch", lambda: 1.2)
    assert "0.0 s were left" in told()["result"]["latency"]["skipped"]["teacher"]


def test_the_clock_runs_on_the_wall_from_the_start_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    born = psutil.Process().create_time()
    monkeypatch.setattr(time, "time", lambda: born + 7.0)  # asleep, for all that the processor did
    assert estimate.lived_s() == pytest.approx(7.0)


def test_constraints_that_none_keeps_come_with_the_nearest() -> None:
    constraints = told(constraints={"params": 100})["result"]["constraints"]
    assert (constraints["feasible"], constraints["feasible_share"]) == (False, 0.0)
    assert constraints["nearest"]["params"] > 100
    assert [error["pointer"] for error in constraints["errors"]] == ["#/constraints/params"]


def test_a_latency_limit_without_measurements_is_left_open() -> None:
    result = told(constraints={"latency_ms": 0.001})["result"]
    constraints = result["constraints"]
    assert (constraints["feasible"], constraints["unjudged"]) == (None, ["latency_ms"])
    assert constraints["limits"] == {"latency_ms": 0.001}
    assert result["latency"]["error"] is None


def test_a_limit_far_below_all_measurements_names_the_fastest() -> None:
    asked = document(constraints={"latency_ms": 1e-6}, latency={"runtime": "pytorch"})
    result = json.loads(json.dumps(answer(asked, lambda: 1000.0)))["result"]
    assert result["constraints"]["feasible"] is False
    assert result["constraints"]["unjudged"] == []
    nearest_ms = result["constraints"]["nearest"]["latency_ms"]
    assert 0 < nearest_ms < result["teacher"]["latency_ms"]
    assert result["latency"]["error"]["measured"] == 4


def test_widths_are_rounded_as_the_job_asks() -> None:
    rough, fine = told(), told(search={"round_to": 1})
    least = [one["result"]["space"]["smallest"]["params"] for one in (rough, fine)]
    assert least[0] > least[1]


def test_an_uploaded_teacher_is_read_from_its_file(tmp_path: Path) -> None:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 16, 16))
    path = tmp_path / "architecture.json"
    path.write_text(traced.architecture.to_json())
    asked = document(teacher={"id": "tch_1"}) | {"teacher": {"architecture_path": str(path)}}
    result = answer(asked, lambda: 0.0)["result"]
    assert isinstance(result, dict)
    assert result["teacher"]["input_shape"] == [1, 16, 16]
    assert result["time"]["teacher_s"] < told()["result"]["time"]["teacher_s"]


def test_a_teacher_of_other_classes_is_a_problem(tmp_path: Path) -> None:
    traced = networks.trace(networks.network("zoo/resnet20", 7, 1), torch.zeros(2, 1, 8, 8))
    path = tmp_path / "architecture.json"
    path.write_text(traced.architecture.to_json())
    asked = document(teacher={"id": "tch_1"}) | {"teacher": {"architecture_path": str(path)}}
    problem = answer(asked, lambda: 0.0)["problem"]
    assert isinstance(problem, dict)
    assert problem["type"] == TYPE_PREFIX + "unfit-network"
    assert "10 classes" in problem["detail"]
    assert [error["pointer"] for error in problem["errors"]] == ["#/teacher/id"]


def test_one_line_of_json_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(document())))
    monkeypatch.setattr(estimate, "BUDGET_S", -1.0)
    assert estimate.main() == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "result" in json.loads(line)


@pytest.mark.parametrize(
    "changes",
    [{}, {"teacher": {"network": "torchvision/resnet50"}, "latency": {"batch_size": 1024}}],
    ids=["small", "large"],
)
def test_the_program_ends_in_seconds_whatever_is_asked(changes: dict[str, object]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "workers.estimate"]
    asked = json.dumps(document(**changes))
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "result" in json.loads(done.stdout)
    # Of the processor, so that other tests' work doesn't count. Without its budget the large one
    # takes half a minute; ten seconds are promised, and twice that is no slow machine's fault.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 20.0
