"""What must be refused is in the corpus of hostile teachers; here is how it is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from networks import Architecture, TeacherFileError, TeacherLimits
from networks.intake.dry_run import dry_run, first_line
from tests.networks.conftest import SMALL, traced

LIMITS = TeacherLimits()


@pytest.mark.parametrize("name", SMALL)
def test_our_networks_run_without_memory_for_their_tensors(name: str) -> None:
    dry_run(traced(name).architecture, LIMITS, "architecture")


def test_a_layer_of_another_shape_is_named() -> None:
    whole = traced("zoo/resnet20").architecture
    layers = list(whole.layers)
    layers[3] = replace(layers[3], shape=(16, 31, 32))
    changed = Architecture(tuple(layers), whole.tensors, whole.output)
    with pytest.raises(TeacherFileError, match=rf"layer '{layers[3].name}' .*declared") as refused:
        dry_run(changed, LIMITS, "onnx")
    assert refused.value.where == "onnx"


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("bn1.running_mean", {"trainable": True}, "trainable, in its layer it is not trainable"),
        ("fc.bias", {"trainable": False, "dtype": "int64"}, "int64, its layer has float32"),
    ],
    ids=["statistic", "integers"],
)
def test_a_tensor_of_another_kind_is_named(name: str, change: dict[str, Any], says: str) -> None:
    whole = traced("zoo/resnet20").architecture
    tensors = {**whole.tensors, name: replace(whole.tensors[name], **change)}
    changed = Architecture(whole.layers, tensors, whole.output)
    with pytest.raises(TeacherFileError, match=f"tensor '{name}' is declared.*{says}"):
        dry_run(changed, LIMITS, "architecture")


def test_memory_is_what_is_held_at_once() -> None:
    architecture = traced("zoo/resnet20").architecture
    largest = 16 * 32 * 32 * 4
    dry_run(architecture, TeacherLimits(max_activation_bytes=8 * largest), "architecture")
    with pytest.raises(TeacherFileError, match="needs more memory for one image"):
        dry_run(architecture, TeacherLimits(max_activation_bytes=largest), "architecture")


def test_the_first_line_of_an_error_is_what_it_says() -> None:
    assert first_line(ValueError("\n  the reason\nand more")) == "the reason"
    assert first_line(KeyError()) == "KeyError"
    assert len(first_line(ValueError("x" * 1000))) == 300
    assert not torch.utils._python_dispatch._get_current_dispatch_mode_stack()
