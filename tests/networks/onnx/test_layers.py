from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from networks import TeacherFileError, TeacherLimits
from networks.onnx.layers import LAYERS
from networks.onnx.reading import import_onnx
from tests.networks.onnx_samples import Sample, expect_same, floats, names_of, sample_model

CONV = {"conv.weight": floats(6, 4, 3, 3), "conv.bias": floats(6)}
NORM = {"bn.weight": floats(4), "bn.bias": floats(4, seed=1)}
MOMENTS = {"mean": floats(4, seed=2), "var": np.abs(floats(4, seed=3))}
SAMPLES = (
    Sample("Conv", CONV),
    Sample("Conv", {"conv.weight": CONV["conv.weight"]}),
    Sample("Conv", CONV, {"strides": [2, 1], "pads": [1, 2, 1, 2], "dilations": [1, 2]}),
    Sample("Conv", CONV, {"pads": [0, 0, 1, 2]}),
    Sample("Conv", CONV, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    Sample("Conv", {"conv.weight": floats(8, 1, 3, 3)}, {"group": 4}),
    Sample("ConvTranspose", {"up.weight": floats(4, 3, 2, 2)}, {"strides": [2, 2]}),
    Sample("Gemm", {"fc.weight": floats(10, 192), "fc.bias": floats(10)}, {"transB": 1},
           before="Flatten"),
    Sample("Gemm", {"fc.weight": floats(192, 10), "fc.bias": floats(1)}, before="Flatten"),
    Sample("MatMul", {"fc.weight": floats(8, 5)}),
    Sample("MatMul", {"others": floats(4, 8, 5)}),
    Sample("BatchNormalization", {**NORM, **MOMENTS}, {"epsilon": 1e-3}),
    Sample("LayerNormalization", {"ln.weight": floats(8), "ln.bias": floats(8)}),
    Sample("LayerNormalization", {"ln.weight": floats(6, 8)}, {"axis": -2}),
    Sample("InstanceNormalization", NORM),
    Sample("GroupNormalization", NORM, {"num_groups": 2}, opset=21),
    Sample("LRN", attributes={"size": 3, "alpha": 0.1, "beta": 0.5, "bias": 2.0}),
    Sample("Softmax", attributes={"axis": 1}),
    Sample("LogSoftmax"),
    Sample("LpNormalization", attributes={"axis": 1, "p": 2}),
    Sample("Dropout"),
    Sample("Identity"),
)  # fmt: skip
REFUSED = (
    (Sample("Conv", CONV, {"strides": [0, 1]}), "must be positive"),
    (Sample("ConvTranspose", {"w": floats(4, 3, 3, 3)}, {"auto_pad": "SAME_UPPER"}), "auto_pad"),
    (Sample("Conv", CONV, {"pads": [-1, 0, 0, 0]}), "numbers from 0"),
    (Sample("Gemm", {"w": floats(10, 192)}, {"transB": 1, "alpha": 0.5}, before="Flatten"),
     "alpha and beta"),
    (Sample("BatchNormalization", {**NORM, **MOMENTS}, {"training_mode": 1}, outputs=3),
     "training mode"),
    (Sample("Conv", {"w": floats(6, 5, 3, 3)}), r"node 'node' \(Conv\): it can't run"),
)  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=names_of(SAMPLES))
def test_it_computes_what_the_runtime_does(sample: Sample, tmp_path: Path) -> None:
    expect_same(sample_model(sample), tmp_path)


def test_every_operator_has_a_sample() -> None:
    assert LAYERS.keys() == {sample.op for sample in SAMPLES}


@pytest.mark.parametrize(("sample", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_can_not_be_computed_the_same_is_refused(
    sample: Sample, says: str, tmp_path: Path
) -> None:
    with pytest.raises(TeacherFileError, match=says):
        expect_same(sample_model(sample), tmp_path)


def test_tensors_stand_in_modules_under_the_names_that_they_had(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(sample_model(Sample("Conv", CONV)).SerializeToString())
    module, _ = import_onnx(path, TeacherLimits())
    assert {name: tuple(value.shape) for name, value in module.named_parameters()} == {
        "conv.weight": (6, 4, 3, 3),
        "conv.bias": (6,),
    }
    path.write_bytes(
        sample_model(Sample("BatchNormalization", {**NORM, **MOMENTS})).SerializeToString()
    )
    module, _ = import_onnx(path, TeacherLimits())
    assert [name for name, _ in module.named_buffers()] == ["bn.running_mean", "bn.running_var"]
