"""What must be refused is in the corpus of hostile teachers; here is what is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from networks import TeacherFileError, TeacherLimits, TensorSpec
from networks.intake.weights_file import WeightsFile, expect_finite, unique_keys

LIMITS = TeacherLimits()
TENSORS = {
    "single": torch.randn(2, 3),
    "half": torch.randn(4).half(),
    "brain": torch.randn(1, 2).bfloat16(),
    "counts": torch.tensor([3, 5]),
    "mask": torch.tensor([True, False]),
    "empty": torch.zeros(0, 3),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(TENSORS, tmp_path / "w.safetensors")
    return tmp_path / "w.safetensors"


def specs() -> dict[str, TensorSpec]:
    kinds = {"counts": "int64", "mask": "bool"}
    return {
        name: TensorSpec(tuple(value.shape), name not in kinds, kinds.get(name, "float32"))
        for name, value in TENSORS.items()
    }


def test_floats_become_float32_and_constants_stay_what_they_are(path: Path) -> None:
    file = WeightsFile(path, LIMITS)
    assert file.shapes()["single"] == (2, 3)
    found = file.read(specs())
    for name, value in TENSORS.items():
        expected = value.float() if value.is_floating_point() else value
        torch.testing.assert_close(found[name], expected, rtol=0, atol=0)


def test_counters_are_no_weights(tmp_path: Path) -> None:
    tensors = {"a": torch.ones(1), "bn.num_batches_tracked": torch.tensor(7)}
    save_file(tensors, tmp_path / "w.safetensors")
    found = WeightsFile(tmp_path / "w.safetensors", LIMITS).read({"a": TensorSpec((1,), True)})
    assert list(found) == ["a"]


def test_a_constant_of_another_type_is_refused(path: Path) -> None:
    expected = {**specs(), "counts": TensorSpec((2,), False, "int32")}
    with pytest.raises(TeacherFileError, match="'counts' is I64, the network needs int32"):
        WeightsFile(path, LIMITS).read(expected)


def test_too_many_numbers_are_refused_by_the_header_alone(path: Path) -> None:
    with pytest.raises(TeacherFileError, match="16 numbers, at most 15"):
        WeightsFile(path, TeacherLimits(max_params=15))


@pytest.mark.parametrize(
    ("value", "says"), [(float("nan"), "NaN"), (float("-inf"), "an infinity")], ids=["nan", "inf"]
)
def test_numbers_must_be_finite(value: float, says: str) -> None:
    expect_finite(torch.ones(3), "w", "weights")
    with pytest.raises(TeacherFileError, match=f"'w' holds {says}"):
        expect_finite(torch.tensor([1.0, value]), "w", "weights")


def test_a_key_may_stand_in_an_object_once() -> None:
    assert unique_keys([("a", 1), ("b", 2)]) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="'b' stands there twice"):
        unique_keys([("a", 1), ("b", 2), ("b", 3)])
