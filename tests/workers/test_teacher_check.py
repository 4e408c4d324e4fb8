import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, load_file, save
from torch import nn

import networks
from networks import Architecture, Traced
from tests.workers.teachers import files_of, small_network
from workers.teacher_check import check


def _document(folder: Path, kind: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    paths = {}
    for field, data in files.items():
        (folder / field).write_bytes(data)
        paths[field] = str(folder / field)
    return {
        "kind": kind,
        "network": "zoo/resnet20",
        "input_shape": None,
        "preprocessing": None,
        "files": paths,
        "max_file_bytes": 2**24,
        "architecture_out": str(folder / "architecture.out"),
        "weights_out": str(folder / "weights.out"),
    }


def _logits(folder: Path, images: torch.Tensor) -> torch.Tensor:
    """Returns what the written teacher computes."""
    architecture = Architecture.from_json((folder / "architecture.out").read_text())
    logits: torch.Tensor = networks.build(architecture, load_file(folder / "weights.out")).eval()(
        images
    )
    return logits


def test_our_own_files_are_read(tmp_path: Path) -> None:
    traced = small_network()
    answer = check(_document(tmp_path, "architecture", files_of(traced)))
    assert answer["summary"] == {
        "params": 386,
        "macs": 32 * 9 * 64 + 64,
        "layers": 2,
        "classes": 2,
        "input_shape": [1, 8, 8],
        "groups": 1,
        "removals": 0,
        "frozen": {},
    }
    assert load_file(tmp_path / "weights.out").keys() == traced.weights.keys()


@pytest.mark.parametrize("shape", [None, [1, 16, 16]])
def test_a_named_network_is_read(tmp_path: Path, shape: list[int] | None) -> None:
    torch.manual_seed(1)
    module = networks.network("zoo/resnet20", 7, 1).eval()
    state = {k: v for k, v in module.state_dict().items() if v.is_floating_point()}
    document = _document(tmp_path, "network", {"weights": save(state)}) | {"input_shape": shape}
    answer = check(document)
    summary = answer["summary"]
    assert isinstance(summary, dict)
    assert summary["classes"] == 7
    assert summary["input_shape"] == (shape or [1, 32, 32])
    images = torch.randn(2, *summary["input_shape"])
    with torch.no_grad():
        torch.testing.assert_close(_logits(tmp_path, images), module(images))


def test_onnx_is_read(tmp_path: Path) -> None:
    module = networks.build(*_parts(small_network())).eval()
    networks.export_onnx(module, (1, 8, 8), tmp_path / "made.onnx")
    answer = check(_document(tmp_path, "onnx", {"onnx": (tmp_path / "made.onnx").read_bytes()}))
    summary = answer["summary"]
    assert isinstance(summary, dict)
    assert (summary["params"], summary["input_shape"]) == (386, [1, 8, 8])
    images = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(_logits(tmp_path, images), module(images))


def _parts(traced: Traced) -> tuple[Architecture, Mapping[str, torch.Tensor]]:
    return traced.architecture, traced.weights


def test_what_is_wrong_is_pointed_at(tmp_path: Path) -> None:
    files = files_of(small_network())
    answer = check(_document(tmp_path, "architecture", files | {"weights": b"no safetensors"}))
    problem = answer["problem"]
    assert isinstance(problem, dict)
    assert (problem["status"], problem["type"]) == (422, "urn:stillhouse:problem:rejected-teacher")
    assert [error["pointer"] for error in problem["errors"]] == ["#/weights"]
    assert not (tmp_path / "weights.out").exists()


def test_a_network_with_nothing_to_edit_is_rejected(tmp_path: Path) -> None:
    layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    traced = networks.trace(layers.eval(), torch.zeros(2, 1, 8, 8))
    problem = check(_document(tmp_path, "architecture", files_of(traced)))["problem"]
    assert isinstance(problem, dict)
    assert "nothing" in problem["detail"]
    assert [error["pointer"] for error in problem["errors"]] == ["#/architecture"]


def test_a_name_that_is_too_long_to_be_shown_is_rejected(tmp_path: Path) -> None:
    files = files_of(small_network())
    (name,) = [
        layer["name"]
        for layer in json.loads(files["architecture"])["layers"]
        if layer["op"] == "conv2d"
    ]
    for length, told in ((200, "summary"), (201, "problem")):
        renamed = files["architecture"].replace(b'"%s' % name.encode(), b'"' + b"x" * length)
        weights = load(files["weights"])
        for key in [key for key in weights if key.startswith(f"{name}.")]:
            weights["x" * length + key.removeprefix(name)] = weights.pop(key)
        document = {"architecture": renamed, "weights": save(weights)}
        answer = check(_document(tmp_path, "architecture", document))
        assert list(answer) == [told], answer
    problem = answer["problem"]
    assert isinstance(problem, dict)
    assert "has 201 characters" in problem["detail"]


@pytest.mark.parametrize(("channels", "told"), [(1, "summary"), (3, "problem")])
def test_preprocessing_of_other_channels_is_rejected(
    tmp_path: Path, channels: int, told: str
) -> None:
    given = {"scale": 255.0, "mean": [0.5] * channels, "std": [0.25] * channels}
    document = _document(tmp_path, "architecture", files_of(small_network()))
    answer = check(document | {"preprocessing": given})
    assert list(answer) == [told]
    if told == "problem":
        problem = answer["problem"]
        assert isinstance(problem, dict)
        assert [error["pointer"] for error in problem["errors"]] == ["#/preprocessing"]


def test_what_only_a_job_with_narrow_steps_can_edit_is_ready(tmp_path: Path) -> None:
    """Its three channels are fewer than the eight that a job's widths are rounded to by default."""
    layers = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2))
    traced = networks.trace(layers.eval(), torch.zeros(2, 1, 8, 8))
    summary = check(_document(tmp_path, "architecture", files_of(traced)))["summary"]
    assert isinstance(summary, dict)
    assert summary["groups"] == 1
