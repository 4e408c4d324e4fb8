"""A random student of every network with a name, as ONNX Runtime computes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from networks import NETWORK_NAMES, build, export_onnx, inherit
from tests.networks.named_teachers import LARGE_NETWORKS, make_teacher

# Of the largest |logit|, as `workers.student_files` holds students to.
TOLERANCE = 1e-4
NAMES = [name for name in NETWORK_NAMES if name not in LARGE_NETWORKS]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_runtime_computes_the_student(name: str, tmp_path: Path) -> None:
    teacher = make_teacher(name, real=True)
    space = teacher.space
    edits = space.edits(space.sample(1, torch.Generator().manual_seed(0)))[0]
    student = build(space.student(edits), inherit(space, edits, teacher.weights)).eval()
    export_onnx(student, tuple(teacher.images.shape[1:]), tmp_path / "student.onnx")
    session = onnxruntime.InferenceSession(
        tmp_path / "student.onnx", providers=["CPUExecutionProvider"]
    )
    for batch in (1, len(teacher.images)):
        images = teacher.images[:batch]
        with torch.no_grad():
            expected = student(images).numpy()
        (found,) = session.run(["logits"], {"images": images.numpy()})
        gap = np.abs(found - expected).max()
        assert gap <= TOLERANCE * np.abs(expected).max()
