from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from networks import (
    Space,
    TeacherFileError,
    TeacherLimits,
    Traced,
    build,
    network,
    read_architecture,
    read_named,
    read_onnx,
    weights_of,
)
from tests.hostile.architectures import small_network, write_teacher
from tests.hostile.corpus import CORPUS
from tests.hostile.hostile_teacher import CANARY, HostileTeacher
from tests.hostile.onnx_files import small_model
from tests.networks.conftest import space_of

LIMITS = TeacherLimits()


def read(teacher: HostileTeacher, folder: Path) -> Traced:
    files = teacher.write(folder)
    if "onnx" in files:
        return read_onnx(files["onnx"], LIMITS)
    if "architecture" in files:
        return read_architecture(files["architecture"], files["weights"], LIMITS)
    shape = teacher.fields.get("input_shape")
    image = tuple(json.loads(shape)) if shape else None
    return read_named(teacher.fields["network"], files["weights"], LIMITS, image)


@pytest.mark.parametrize("teacher", CORPUS, ids=lambda teacher: teacher.name)
def test_a_hostile_teacher_is_refused_with_its_own_words(
    teacher: HostileTeacher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TeacherFileError) as refused:
        read(teacher, tmp_path)
    assert refused.value.where == teacher.where, refused.value.detail
    assert re.search(teacher.says, refused.value.detail), refused.value.detail
    assert len(refused.value.detail) < 500
    assert not (tmp_path / CANARY).exists()


def test_the_corpus_has_each_name_once_and_every_door() -> None:
    names = [teacher.name for teacher in CORPUS]
    assert len(names) == len(set(names)) >= 40
    assert {teacher.where for teacher in CORPUS} == {"network", "weights", "onnx", "architecture"}


BOMBS = r"bomb|enormous|billion|absurd|deep|nested|empty_nodes|too_|thousand"
MEMORY = """
import re, sys
from pathlib import Path
from networks import TeacherFileError
from tests.hostile.corpus import CORPUS
from tests.networks.intake.test_files import read

def peak_mb():  # not ru_maxrss: a process starts with that of the one that started it
    (peak,) = re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    return int(peak) / 1024

folder = Path(sys.argv[1])
bombs = [teacher for teacher in CORPUS if re.search(sys.argv[2], teacher.name)]
for teacher in (CORPUS[-1], *bombs):
    try:
        read(teacher, folder)
    except TeacherFileError:
        pass
    if teacher is CORPUS[-1]:
        before = peak_mb()
print(len(bombs), peak_mb() - before)
"""


def test_the_bombs_take_little_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEMORY, str(tmp_path), BOMBS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    bombs, more_mb = done.stdout.split()[-2:]
    assert int(bombs) >= 15
    assert float(more_mb) < 500


def test_the_three_doors_give_a_teacher_that_can_be_compressed(tmp_path: Path) -> None:
    onnx = tmp_path / "model.onnx"
    onnx.write_bytes(small_model().SerializeToString())
    files = write_teacher(small_network(), tmp_path)
    teachers = [
        read_onnx(onnx, LIMITS),
        read_architecture(files["architecture"], files["weights"], LIMITS),
    ]
    for teacher in teachers:
        assert teacher.architecture.input_shape == (3, 8, 8)
        assert teacher.architecture.output_shape == (10,)
        (group,) = Space(teacher.architecture).groups
        assert group.units == 6
        logits = build(teacher.architecture, teacher.weights).eval()(torch.randn(5, 3, 8, 8))
        assert logits.shape == (5, 10)


def test_a_named_network_has_the_classes_and_channels_of_its_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = network("torchvision/mobilenet_v2", 7, 1).eval()
    path = tmp_path / "weights.safetensors"
    save_file(module.state_dict(), path)  # with the counters that PyTorch's batch norms have
    teacher = read_named("torchvision/mobilenet_v2", path, LIMITS, (1, 32, 32))
    assert teacher.architecture.input_shape == (1, 32, 32)
    assert teacher.architecture.output_shape == (7,)
    images = torch.randn(2, 1, 32, 32)
    found = build(teacher.architecture, teacher.weights).eval()(images)
    torch.testing.assert_close(found, module(images))


@pytest.mark.parametrize("op", ["softmax.int", "sigmoid"])
def test_probabilities_are_no_logits(op: str, tmp_path: Path) -> None:
    document = small_network()
    arguments = [{"input": 0}, 1] if op == "softmax.int" else [{"input": 0}]
    document["layers"].append(
        {
            "name": "probabilities",
            "op": op,
            "inputs": ["fc"],
            "shape": [10],
            "attributes": {"args": arguments},
            "tensors": {},
        }
    )
    document["output"] = "probabilities"
    files = write_teacher(document, tmp_path)
    with pytest.raises(TeacherFileError, match="students learn from logits"):
        read_architecture(files["architecture"], files["weights"], LIMITS)


def test_half_precision_becomes_float32(tmp_path: Path) -> None:
    files = write_teacher(small_network(), tmp_path)
    save_file(
        {name: value.bfloat16() for name, value in load_file(files["weights"]).items()},
        files["weights"],
    )
    teacher = read_architecture(files["architecture"], files["weights"], LIMITS)
    assert {value.dtype for value in teacher.weights.values()} == {torch.float32}


def test_a_student_comes_back_as_a_teacher(tmp_path: Path) -> None:
    space = space_of("zoo/shufflenet")
    drawn = space.sample(4, torch.Generator().manual_seed(3))
    student = space.student(space.edits(drawn)[3])
    module = build(student)
    files = {"architecture": tmp_path / "a.json", "weights": tmp_path / "w.safetensors"}
    files["architecture"].write_text(student.to_json())
    save_file(weights_of(module), files["weights"])
    teacher = read_architecture(files["architecture"], files["weights"], LIMITS)
    assert teacher.architecture.hash == student.hash


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (TeacherLimits(max_params=100), "at most 100 are taken"),
        (TeacherLimits(max_layers=3), "at most 3 are taken"),
        (TeacherLimits(max_macs=1000), "at most 1000 do"),
        (TeacherLimits(max_activation_bytes=2000), "needs more memory"),
        (TeacherLimits(max_file_bytes=100), "at most 100 are taken"),
        (TeacherLimits(max_structure_bytes=100), "at most 100 are taken"),
    ],
    ids=["params", "layers", "macs", "activations", "file", "structure"],
)
def test_each_limit_holds(limits: TeacherLimits, says: str, tmp_path: Path) -> None:
    files = write_teacher(small_network(), tmp_path)
    with pytest.raises(TeacherFileError, match=says):
        read_architecture(files["architecture"], files["weights"], limits)
