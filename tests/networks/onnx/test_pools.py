from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from networks import TeacherFileError
from networks.onnx.pools import POOLS
from tests.networks.onnx_samples import Sample, expect_same, integers, names_of, sample_model

WINDOW = {"kernel_shape": [3, 3], "strides": [2, 2]}
TWICE = {"roi": None, "scales": np.array([1, 1, 2, 2], np.float32)}
LINEAR = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
CUBIC = {"mode": "cubic", "coordinate_transformation_mode": "half_pixel"}
NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
           "nearest_mode": "floor"}  # fmt: skip
SAMPLES = (
    Sample("MaxPool", attributes=WINDOW),
    Sample("MaxPool", attributes={**WINDOW, "pads": [1, 1, 1, 1]}),
    Sample("MaxPool", attributes={**WINDOW, "pads": [0, 0, 1, 1]}),
    Sample("MaxPool", attributes={**WINDOW, "ceil_mode": 1}),
    Sample("MaxPool", attributes={**WINDOW, "auto_pad": "SAME_UPPER"}),
    Sample("MaxPool", attributes={**WINDOW, "auto_pad": "SAME_LOWER"}),
    Sample("MaxPool", attributes={"kernel_shape": [2, 2], "dilations": [2, 2]}),
    Sample("MaxPool", attributes={"kernel_shape": [3, 3], "strides": [1, 5], "ceil_mode": 1,
                                  "pads": [1, 0, 0, 0]}),
    Sample("AveragePool", attributes=WINDOW),
    Sample("AveragePool", attributes={**WINDOW, "pads": [1, 1, 1, 1]}),
    Sample("AveragePool", attributes={**WINDOW, "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    Sample("AveragePool", attributes={**WINDOW, "pads": [0, 0, 1, 1], "count_include_pad": 1}),
    Sample("AveragePool", attributes={**WINDOW, "pads": [0, 0, 1, 1]}),
    Sample("AveragePool", attributes={**WINDOW, "auto_pad": "SAME_UPPER"}),
    Sample("AveragePool", attributes={**WINDOW, "auto_pad": "SAME_LOWER"}),
    Sample("AveragePool", attributes={"kernel_shape": [2, 4], "auto_pad": "SAME_UPPER"}),
    Sample("AveragePool", attributes={**WINDOW, "auto_pad": "SAME_LOWER", "count_include_pad": 1}),
    Sample("GlobalAveragePool"),
    Sample("GlobalMaxPool"),
    Sample("Pad", {"pads": integers(0, 0, 1, 2, 0, 0, 3, 0)}),
    Sample("Pad", {"pads": integers(0, 1, 1, 2, 0, 0, 3, 0), "with": np.array(2.5, np.float32)}),
    Sample("Pad", {"pads": integers(0, 0, 1, 2, 0, 0, 3, 0)}, {"mode": "reflect"}),
    Sample("Pad", {"pads": integers(0, 0, 1, 2, 0, 0, 3, 0)}, {"mode": "edge"}),
    Sample("Pad", {"pads": integers(1, 2), "with": None, "axes": integers(-1)}),
    Sample("Resize", TWICE, NEAREST),
    Sample("Resize", {"roi": None, "scales": np.array([1, 1, 1.5, 0.5], np.float32)}, NEAREST),
    Sample("Resize", TWICE, CUBIC),
    Sample("Resize", {"roi": None, "scales": np.array([1, 1, 2 / 3, 1.5], np.float32)}, LINEAR),
    Sample(
        "Resize", {"roi": None, "scales": np.array([1, 1, 1.3, 0.6], np.float32)},
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
    ),
    Sample(
        "Resize", {"roi": None, "scales": None, "sizes": integers(1, 4, 9, 5)},
        {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    ),
    Sample(
        "Resize", {"roi": None, "scales": None, "sizes": integers(1, 4, 9, 5)},
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
    ),
)  # fmt: skip
REFUSED = (
    (Sample("MaxPool", attributes={**WINDOW, "strides": [0, 2]}), "must be positive"),
    (Sample("MaxPool", attributes={**WINDOW, "pads": [-1, 0, 0, 0]}), "numbers from 0"),
    (Sample("MaxPool", attributes={**WINDOW, "pads": [1, 1]}), "must be 4 numbers"),
    (Sample("AveragePool", attributes={"kernel_shape": [2, 2], "pads": [0, 0, 2, 2]}),
     "in the padding alone"),
    (Sample("AveragePool", attributes={**WINDOW, "dilations": [2, 2]}, opset=19), "dilated"),
    (Sample("MaxPool", attributes={"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1,
                                   "pads": [0, 0, 1, 1]}), "ceil_mode with uneven"),
    (Sample("AveragePool", attributes={"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1,
                                       "pads": [0, 0, 1, 1], "count_include_pad": 1}),
     "ceil_mode with uneven padding is not taken"),
    (Sample("Resize", {"roi": None, "scales": np.array([1, 1, 1.3, 1], np.float32)}, LINEAR),
     "6 times its scale 1.3 is not whole"),
    (Sample("Resize", {"roi": None, "scales": np.array([1, 1, 2 / 3, 1], np.float32)}, NEAREST),
     "is not whole"),
    (Sample("Resize", TWICE, {**CUBIC, "cubic_coeff_a": -0.5}), "cubic_coeff_a"),
    (Sample("Resize", TWICE, {**CUBIC, "exclude_outside": 1}), "exclude_outside"),
    (Sample("Resize", {"roi": None, "scales": None, "sizes": integers(1, 4, 9, 24)},
            {**LINEAR, "keep_aspect_ratio_policy": "not_larger"}), "keep_aspect"),
    (Sample("Resize", {"roi": None, "scales": None, "sizes": integers(1, 4, 1, 1)},
            {**LINEAR, "coordinate_transformation_mode": "pytorch_half_pixel"}), "size of 1"),
    (Sample("Pad", {"pads": integers(1, 0, 0, 0, 0, 0, 0, 0)}), "pads the batch"),
    (Sample("Pad", {"pads": integers(0, 0, 0, 2**40, 0, 0, 0, 0)}), "up to 4096"),
    (Sample("Resize", {"roi": None, "scales": np.array([2, 1, 1, 1], np.float32)}),
     "resizes the batch"),
    (Sample("Resize", {"roi": None, "scales": np.array([1, 1, 2, 2], np.float32)}),
     "asymmetric"),
)  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=names_of(SAMPLES))
def test_it_computes_what_the_runtime_does(sample: Sample, tmp_path: Path) -> None:
    expect_same(sample_model(sample), tmp_path)


def test_every_operator_has_a_sample() -> None:
    assert POOLS.keys() == {sample.op for sample in SAMPLES}


@pytest.mark.parametrize(("sample", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_can_not_be_computed_the_same_is_refused(
    sample: Sample, says: str, tmp_path: Path
) -> None:
    with pytest.raises(TeacherFileError, match=says):
        expect_same(sample_model(sample), tmp_path)
