from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from stillhouse.local_teacher import UnusableTeacher
from stillhouse.teacher_source import TeacherSource, form, source_of
from tests.stillhouse.little import PREPROCESSING, little, student_folder


def source(path: Path | str, network: str | None = None) -> TeacherSource:
    with source_of(path, network=network, say=lambda _: None) as found:
        return found


def test_a_module_is_sent_as_graph_and_weights_and_its_files_are_gone_then() -> None:
    said: list[str] = []
    with source_of(
        little(), example=torch.zeros(2, 1, 8, 8), preprocessing=PREPROCESSING, say=said.append
    ) as found:
        assert found.files.keys() == {"architecture", "weights"}
        paths = list(found.files.values())
        assert all(path.is_file() for path in paths)
    assert not any(path.exists() for path in paths)
    assert said[0].startswith("Little: 5 weighted layers")
    fields = form(found)
    assert fields["name"] == "Little"
    assert json.loads(fields["preprocessing"]) == PREPROCESSING


def test_a_module_needs_an_example() -> None:
    with pytest.raises(UnusableTeacher, match="needs an example"), source_of(little(), say=print):
        pass


def test_a_students_folder_goes_on_as_a_teacher(tmp_path: Path) -> None:
    found = source(student_folder(tmp_path))
    assert {name: path.name for name, path in found.files.items()} == {
        "architecture": "architecture.json",
        "weights": "student.safetensors",
    }
    assert found.preprocessing == PREPROCESSING
    assert found.name == tmp_path.name


def test_files_are_told_by_their_names(tmp_path: Path) -> None:
    student_folder(tmp_path)
    onnx = tmp_path / "mine.onnx"
    onnx.write_bytes(b"")
    assert source(onnx) == TeacherSource("mine", {"onnx": onnx})
    weights = tmp_path / "student.safetensors"
    named = source(weights, network="torchvision/resnet18")
    assert named == TeacherSource("student", {"weights": weights}, network="torchvision/resnet18")
    assert form(named) == {"name": "student", "network": "torchvision/resnet18"}
    beside = source(str(tmp_path / "architecture.json"))
    assert beside.files["weights"] == weights


def test_an_input_shape_goes_with_a_named_network_alone(tmp_path: Path) -> None:
    student_folder(tmp_path)
    weights, shape = tmp_path / "student.safetensors", (3, 64, 48)
    with source_of(weights, network="zoo/vgg19", input_shape=shape, say=print) as found:
        assert json.loads(form(found)["input_shape"]) == [3, 64, 48]
    with (
        pytest.raises(UnusableTeacher, match="named network alone"),
        source_of(tmp_path, input_shape=shape, say=print),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "network", "told"),
    [
        ("student.safetensors", None, "Name its network too"),
        ("mine.pt2", "zoo/resnet20", "can't be a teacher of a named network"),
        ("mine.pth", None, "can't be a teacher; one is a .pt2"),
        ("missing.onnx", None, "there is no"),
        ("empty", None, "no student's folder"),
        ("lonely/architecture.json", None, "one .safetensors is wanted"),
    ],
)
def test_what_is_unclear_is_told(tmp_path: Path, name: str, network: str | None, told: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "lonely").mkdir()
    for there in ("student.safetensors", "mine.pt2", "mine.pth", "lonely/architecture.json"):
        (tmp_path / there).write_bytes(b"")
    with pytest.raises(UnusableTeacher) as caught:
        source(tmp_path / name, network)
    assert told in str(caught.value)
