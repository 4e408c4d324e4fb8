"""What must be refused is in the corpus of hostile teachers; here is what is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from networks import TeacherFileError, TeacherLimits
from networks.onnx.file import OPSETS, read_onnx_file, tensor_of
from tests.hostile.onnx_files import small_model


@pytest.mark.parametrize("opset", [OPSETS[0], OPSETS[-1]])
def test_the_graph_its_opset_and_the_shape_of_an_image(opset: int, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(small_model(opset=opset).SerializeToString())
    file = read_onnx_file(path, TeacherLimits())
    assert (file.opset, file.input_name, file.output_name) == (opset, "images", "logits")
    assert file.input_shape == (3, 8, 8)
    assert len(file.graph.node) == 5


@pytest.mark.parametrize("opset", [OPSETS[0] - 1, OPSETS[-1] + 1])
def test_other_opsets_are_refused(opset: int, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(small_model(opset=opset).SerializeToString())
    with pytest.raises(TeacherFileError, match=rf"\[{opset}\]; one from 13 to 23"):
        read_onnx_file(path, TeacherLimits())


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.int32, np.bool_])
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
def test_tensors_are_read_in_both_forms(kind: type[np.generic], raw: bool) -> None:
    values = np.array([[1, 0, 1], [0, 1, 1]]).astype(kind)
    number = helper.np_dtype_to_tensor_dtype(values.dtype)
    typed = helper.make_tensor("t", number, values.shape, values.ravel().tolist())
    found = tensor_of(numpy_helper.from_array(values, "t") if raw else typed, "t")
    torch.testing.assert_close(found, torch.from_numpy(values))


def test_a_tensor_in_another_file_is_refused_with_what_would_be_right() -> None:
    proto = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    proto.data_location = TensorProto.EXTERNAL
    with pytest.raises(TeacherFileError, match="'w' is in another file; export with the weights"):
        tensor_of(proto, "w")
