"""Builds a network's graph in the form that tracing gives, without building its module."""

from __future__ import annotations

from collections.abc import Mapping

from networks import Architecture, Layer, TensorSpec
from networks import operators as ops
from networks.architecture import INPUT
from networks.architecture_json import Attribute

POOL = "avg_pool2d"
GLOBAL_POOL = "adaptive_avg_pool2d"


class GraphBuilder:
    """Adds layers one by one; each method returns the name of what it added.

    All are what `networks.trace` makes of the modules of `torch.nn` with their defaults, except
    that convolutions have no bias and pad so that only the stride makes their output smaller.
    """

    def __init__(self, input_shape: tuple[int, int, int]) -> None:
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._layers: list[Layer] = []
        self._tensors: dict[str, TensorSpec] = {}
        self._layer(INPUT, INPUT, (), input_shape)

    def conv(
        self, name: str, source: str, width: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> str:
        """A convolution of an odd square kernel, to `width` channels."""
        channels, height, breadth = self._shapes[source]
        shape = (width, -(-height // stride), -(-breadth // stride))
        attributes: dict[str, Attribute] = {
            "stride": [stride, stride],
            "padding": [kernel // 2, kernel // 2],
            "dilation": [1, 1],
            "groups": groups,
        }
        tensors = {
            "weight": self._tensor(name, "weight", (width, channels // groups, kernel, kernel))
        }
        return self._layer(name, ops.CONV, (source,), shape, attributes, tensors)

    def norm(self, name: str, source: str) -> str:
        """A batch norm with scale and shift."""
        shape = self._shapes[source]
        tensors = {
            role: self._tensor(name, role, shape[:1], trainable=trainable)
            for role, trainable in (
                ("weight", True), ("bias", True), ("running_mean", False), ("running_var", False),
            )
        }  # fmt: skip
        attributes: dict[str, Attribute] = {"momentum": 0.1, "eps": 1e-05}
        return self._layer(name, ops.BATCH_NORM, (source,), shape, attributes, tensors)

    def relu(self, name: str, source: str) -> str:
        """A ReLU."""
        return self._aten(name, "relu", (source,), self._shapes[source])

    def unit(
        self, name: str, source: str, width: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> str:
        """A convolution and its batch norm, `name.conv` and `name.norm`."""
        conv = self.conv(f"{name}.conv", source, width, kernel, stride, groups)
        return self.norm(f"{name}.norm", conv)

    def add(self, name: str, first: str, second: str) -> str:
        """The sum of two layers of one shape."""
        return self._aten(name, ops.ADD, (first, second), self._shapes[first])

    def average_pool(self, name: str, source: str, size: int) -> str:
        """The means of squares that don't overlap."""
        width, height, breadth = self._shapes[source]
        shape = (width, height // size, breadth // size)
        return self._aten(name, POOL, (source,), shape, [size, size], [size, size])

    def classifier(self, source: str, classes: int) -> Architecture:
        """A global average pool and a linear layer; returns the finished network."""
        width = self._shapes[source][0]
        pooled = self._aten("pool", GLOBAL_POOL, (source,), (width, 1, 1), [1, 1])
        flat = self._layer("flatten", ops.RESHAPE, (pooled,), (width,))
        tensors = {
            "weight": self._tensor("classifier", "weight", (classes, width)),
            "bias": self._tensor("classifier", "bias", (classes,)),
        }
        output = self._layer("classifier", ops.LINEAR, (flat,), (classes,), {}, tensors)
        return Architecture(tuple(self._layers), self._tensors, output)

    def _aten(
        self, name: str, op: str, sources: tuple[str, ...], shape: tuple[int, ...], *rest: Attribute
    ) -> str:
        inputs: list[Attribute] = [{"input": number} for number in range(len(sources))]
        return self._layer(name, op, sources, shape, {"args": [*inputs, *rest]})

    def _layer(
        self,
        name: str,
        op: str,
        sources: tuple[str, ...],
        shape: tuple[int, ...],
        attributes: Mapping[str, Attribute] | None = None,
        tensors: Mapping[str, str] | None = None,
    ) -> str:
        self._shapes[name] = shape
        self._layers.append(Layer(name, op, sources, shape, attributes or {}, tensors or {}))
        return name

    def _tensor(
        self, layer: str, role: str, shape: tuple[int, ...], *, trainable: bool = True
    ) -> str:
        name = f"{layer}.{role}"
        self._tensors[name] = TensorSpec(shape, trainable)
        return name
