"""What must be refused is in the corpus of hostile teachers; here is what is taken."""

from __future__ import annotations

import pytest
from onnx import defs, helper

from networks import TeacherFileError
from networks.onnx.form import expect_form
from networks.onnx.operators import OPERATORS
from tests.networks.onnx_samples import model_of


def test_every_operator_that_is_read_is_onnxs_own() -> None:
    assert all(defs.has(op) for op in OPERATORS)


def test_an_operator_before_its_opset_is_taken_as_the_newest_has_it() -> None:
    node = helper.make_node("LayerNormalization", ["x", "w"], ["y"])
    expect_form(model_of([node], {}).graph, 13)


def test_a_first_output_without_a_name_is_refused() -> None:
    node = helper.make_node("Split", ["x"], ["", "y"], "halves")
    with pytest.raises(TeacherFileError, match=r"'halves' \(Split\): its first output"):
        expect_form(model_of([node], {}).graph, 18)
