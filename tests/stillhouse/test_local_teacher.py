from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import networks
from stillhouse.local_teacher import UnusableTeacher, read_preprocessing, trace_teacher
from tests.stillhouse.little import PREPROCESSING, little, student_folder


def test_a_module_is_traced_and_told_in_words() -> None:
    found = trace_teacher(little(), torch.zeros(1, 1, 8, 8))
    lines = found.description().splitlines()
    params = sum(one.numel() for one in little().parameters())
    assert lines[0].startswith(f"Little: 5 weighted layers, {params:,} parameters, ")
    assert lines[0].endswith("images of 1x8x8, 10 classes")
    assert "3 channel groups of 56 units" in lines[1]


def test_what_is_sent_computes_the_same(tmp_path: Path) -> None:
    module, images = little(), torch.randn(3, 1, 8, 8)
    files = trace_teacher(module, images).write(tmp_path)
    architecture = networks.Architecture.from_json(files["architecture"].read_text())
    rebuilt = networks.build(architecture, load_file(files["weights"])).eval()
    with torch.no_grad():
        assert torch.allclose(rebuilt(images), module(images), atol=1e-6)


def test_a_module_that_lies_elsewhere_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    module, traced = little().to("meta"), list[nn.Module]()

    def trace(one: nn.Module, _: Tensor) -> SimpleNamespace:
        traced.append(one)
        return SimpleNamespace(architecture=None, weights={})

    monkeypatch.setattr(nn.Module, "cpu", lambda self: self.to_empty(device="cpu"))
    monkeypatch.setattr(networks, "trace", trace)
    trace_teacher(module, torch.zeros(2, 1, 8, 8))
    assert {one.device.type for one in module.parameters()} == {"meta"}
    assert {one.device.type for one in traced[0].parameters()} == {"cpu"}


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(64, 2)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(images.flatten(1))
        return logits if logits.sum() > 0 else -logits


def test_a_module_that_can_not_be_traced_is_told_with_its_line() -> None:
    with pytest.raises(UnusableTeacher, match=r"Branching can't be a teacher(?s:.*)logits.sum\(\)"):
        trace_teacher(Branching(), torch.zeros(2, 1, 8, 8))


def test_nothing_else_is_printed_of_one_that_can_not_be_traced() -> None:
    # In a process of its own: torch's log goes to the stream that it found when it was imported.
    code = (
        "import torch\n"
        "from stillhouse.local_teacher import UnusableTeacher, trace_teacher\n"
        "from tests.stillhouse.test_local_teacher import Branching\n"
        "try: trace_teacher(Branching(), torch.zeros(2, 1, 8, 8))\n"
        "except UnusableTeacher as error: print(error)\n"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (np.zeros((2, 1, 8, 8), np.float32), "numpy.ndarray: use torch.from_numpy"),
        ([[0.0]], "list"),
        (torch.zeros(1, 8, 8), r"one of shape \(1, 8, 8\): use example.unsqueeze\(0\)"),
        (torch.zeros(2, 64), r"one of shape \(2, 64\)$"),
    ],
)
def test_an_example_that_is_no_batch_of_images_is_told(example: object, told: str) -> None:
    said = rf"^example must be a torch tensor of shape \(N, C, H, W\); got {told}"
    with pytest.raises(UnusableTeacher, match=said):
        trace_teacher(little(), cast("Tensor", example))


def test_a_module_of_another_kind_is_told() -> None:
    weights = cast("nn.Module", little().state_dict())
    with pytest.raises(
        UnusableTeacher, match=r"torch\.nn\.Module .*; got collections\.OrderedDict"
    ):
        trace_teacher(weights, torch.zeros(2, 1, 8, 8))


def test_a_module_that_returns_a_dict_is_told_its_keys() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = little()

        def forward(self, images: Tensor) -> dict[str, Tensor]:
            return {"logits": self.body(images)}

    with pytest.raises(UnusableTeacher, match="it returned a dict with keys logits"):
        trace_teacher(Named(), torch.zeros(2, 1, 8, 8))


def test_a_module_with_nothing_to_edit_is_told() -> None:
    linear = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with pytest.raises(UnusableTeacher, match="nothing in this network"):
        trace_teacher(linear, torch.zeros(2, 1, 8, 8)).description()


def test_what_is_frozen_is_told_with_its_reason() -> None:
    class Sorting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = little()
            self.last = nn.Linear(10, 10)

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.last(self.body(images).sort(dim=1)[0].cumsum(1))
            return logits

    told = trace_teacher(Sorting(), torch.zeros(2, 1, 8, 8)).description()
    assert "kept as it is: " in told


def test_preprocessing_is_read_off_a_report(tmp_path: Path) -> None:
    assert read_preprocessing(student_folder(tmp_path) / "report.json") == PREPROCESSING
    (tmp_path / "report.json").write_text("[]")
    with pytest.raises(UnusableTeacher, match="tells no preprocessing"):
        read_preprocessing(tmp_path / "report.json")
