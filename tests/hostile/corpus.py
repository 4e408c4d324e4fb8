"""Broken and hostile teachers, for every door: each must be refused with its own clear problem."""

from __future__ import annotations

from tests.hostile.architectures import ARCHITECTURES
from tests.hostile.hostile_teacher import HostileTeacher
from tests.hostile.onnx_files import ONNX_FILES
from tests.hostile.weights_files import WEIGHTS_FILES

CORPUS: tuple[HostileTeacher, ...] = (*WEIGHTS_FILES, *ARCHITECTURES, *ONNX_FILES)
