from pathlib import Path

import pytest
from safetensors.torch import load

from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import claim_errand
from networks import Architecture
from tests.workers.teachers import add_teacher, errands, files_of, read_teacher, small_network
from workers.errand import Errand

AT_ONCE_S = -1.0  # a lease that has run out already


def test_a_good_teacher_is_ready_with_its_graph_and_weights(
    database: Database, artifacts: Artifacts, home: Path
) -> None:
    traced = small_network()
    teacher_id = add_teacher(database, artifacts, files_of(traced))
    assert claim_errand(database, "killed later", AT_ONCE_S) is not None
    left = artifacts.put_bytes(f"teachers/{teacher_id}/checked-1/weights", b"left behind").key
    assert errands(database, artifacts, home).run_one()
    teacher = read_teacher(database, teacher_id)
    assert (teacher.state, teacher.error) == ("ready", None)
    assert teacher.summary is not None
    wanted = {"layers": 2, "classes": 2, "input_shape": [1, 8, 8], "groups": 1, "removals": 0}
    assert {name: teacher.summary[name] for name in wanted} == wanted
    assert teacher.summary["params"] == 32 * 9 + 32 + 64 + 2
    text = artifacts.read_bytes(str(teacher.architecture_key)).decode()
    assert Architecture.from_json(text).hash == traced.architecture.hash
    assert not artifacts.exists(left)
    weights = load(artifacts.read_bytes(str(teacher.weights_key)))
    assert {name: tensor.tolist() for name, tensor in weights.items()} == {
        name: tensor.tolist() for name, tensor in traced.weights.items()
    }


def test_a_bad_teacher_is_rejected_with_its_problem(
    database: Database, artifacts: Artifacts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = {"detail": "tensor 'a' holds NaN", "errors": [{"pointer": "#/weights"}]}
    monkeypatch.setattr(Errand, "run", lambda *_: {"problem": problem})
    teacher_id = add_teacher(database, artifacts, files_of(small_network()))
    assert claim_errand(database, "killed later", AT_ONCE_S) is not None
    artifacts.put_bytes(f"teachers/{teacher_id}/checked-1/weights", b"left behind")
    errands(database, artifacts, home).run_one()
    teacher = read_teacher(database, teacher_id)
    for left in ("architecture", "weights", "checked-1/weights"):
        assert not artifacts.exists(f"teachers/{teacher_id}/{left}")
    assert (teacher.state, teacher.summary, teacher.weights_key) == ("rejected", None, None)
    assert teacher.error == problem


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"check_memory_bytes": 2**28}, "0.25 GiB of memory"), ({"check_s": 0.1}, "longer than 0.1")],
    ids=["memory", "time"],
)
def test_a_teacher_whose_check_meets_a_limit_is_rejected(
    database: Database, artifacts: Artifacts, home: Path, settings: dict[str, object], says: str
) -> None:
    teacher_id = add_teacher(database, artifacts, files_of(small_network()))
    errands(database, artifacts, home, **settings).run_one()
    error = read_teacher(database, teacher_id).error
    assert error is not None
    assert says in str(error["detail"])
    assert "#/architecture" in str(error["errors"])


def test_a_file_that_is_gone_is_told(database: Database, artifacts: Artifacts, home: Path) -> None:
    teacher_id = add_teacher(database, artifacts, files_of(small_network()))
    artifacts.delete(f"teachers/{teacher_id}/weights")
    errands(database, artifacts, home).run_one()
    teacher = read_teacher(database, teacher_id)
    assert teacher.state == "rejected"
    assert teacher.error is not None
    assert "FileNotFoundError" in str(teacher.error["detail"])
