from __future__ import annotations

import pytest
import torch

from networks import ArchitectureError
from networks.operators import ACTIVATIONS, ARITHMETIC, POOLING, aten_operator


def test_every_operator_that_is_named_exists_and_is_pure() -> None:
    for name in ACTIVATIONS | ARITHMETIC | POOLING:
        assert aten_operator(name).namespace == "aten"
    assert aten_operator("add.Tensor") is torch.ops.aten.add.Tensor


@pytest.mark.parametrize("name", ["nothing", "__class__", "add_.Tensor", "relu.nothing", "a b", ""])
def test_what_is_no_pure_operator_is_refused(name: str) -> None:
    with pytest.raises(ArchitectureError):
        aten_operator(name)
