"""All ONNX operators that we read, by name: each gives the call of PyTorch's that computes it."""

from __future__ import annotations

from collections.abc import Callable

from networks.onnx.elementwise import ELEMENTWISE
from networks.onnx.layers import LAYERS
from networks.onnx.node import Call, OnnxNode
from networks.onnx.pools import POOLS
from networks.onnx.shapes import SHAPES

OPERATORS: dict[str, Callable[[OnnxNode], Call]] = {**ELEMENTWISE, **LAYERS, **POOLS, **SHAPES}
