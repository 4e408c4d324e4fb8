"""A network as an immutable graph of layers with their shapes; JSON, no weights.

Shapes leave the batch dimension out; attributes count dimensions as PyTorch does, with it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from networks.architecture_json import (
    FLOAT32,
    SCHEMA_VERSION,
    Attribute,
    LayerJson,
    TensorJson,
    parse_architecture,
)
from networks.errors import ArchitectureError

INPUT = "input"


@dataclass(frozen=True)
class TensorSpec:
    """A parameter or buffer: its shape, whether it is trained, and its type (one of `DTYPES`)."""

    shape: tuple[int, ...]
    trainable: bool
    dtype: str = FLOAT32

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Layer:
    """One operation of a network.

    Attributes:
        name: Unique in its architecture; the module's path where there is one.
        op: `input`, one of ours (`operators.OURS`) or the name of an ATen operator.
        inputs: Names of the layers whose outputs it reads, in order.
        shape: Its output's shape without the batch dimension.
        attributes: What else the operation needs, as JSON values.
        tensors: Role (`weight`, `bias`, …) to the name of a tensor in `Architecture.tensors`.
        repeats: How many times larger than the batch its output's batch dimension is: Swin folds
            the windows of an image into it.
        batch_dim: Which dimension of its output is the batch; `None` where the output doesn't
            depend on the images, and `shape` is all of its shape.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    tensors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    repeats: int = 1
    batch_dim: int | None = 0

    @property
    def batch_first(self) -> bool:
        """Whether its output is one of each image, stacked along the first dimension."""
        return self.batch_dim == 0 and self.repeats == 1

    def integers(self, attribute: str) -> tuple[int, ...]:
        """The values of an attribute that is a list of integers.

        Raises:
            ArchitectureError: If it is none.
        """
        value = self.attributes.get(attribute)
        if not isinstance(value, list) or not all(isinstance(v, int) for v in value):
            raise ArchitectureError(
                f"layer {self.name!r}: attribute {attribute!r} must be a list of integers, "
                f"not {value!r}"
            )
        return tuple(v for v in value if isinstance(v, int))

    def integer(self, attribute: str) -> int:
        """The value of an attribute that is an integer.

        Raises:
            ArchitectureError: If it is none.
        """
        value = self.attributes.get(attribute)
        if not isinstance(value, int):
            raise ArchitectureError(
                f"layer {self.name!r}: attribute {attribute!r} must be an integer, not {value!r}"
            )
        return value


@dataclass(frozen=True)
class Architecture:
    """Layers in topological order (the first is the input), their tensors, and the output's name.

    Raises:
        ArchitectureError: If a name is used twice or before it is defined.
    """

    layers: tuple[Layer, ...]
    tensors: Mapping[str, TensorSpec]
    output: str

    def __post_init__(self) -> None:
        seen: set[str] = set()
        if not self.layers or self.layers[0].op != INPUT:
            raise ArchitectureError("the first layer must be the input")
        for layer in self.layers:
            if layer.name in seen:
                raise ArchitectureError(f"two layers are named {layer.name!r}")
            for source in layer.inputs:
                if source not in seen:
                    raise ArchitectureError(
                        f"layer {layer.name!r} reads {source!r}, which no earlier layer is named"
                    )
            for tensor in layer.tensors.values():
                if tensor not in self.tensors:
                    raise ArchitectureError(f"layer {layer.name!r} has no tensor {tensor!r}")
            seen.add(layer.name)
        if self.output not in seen:
            raise ArchitectureError(f"the output {self.output!r} is no layer")

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, name: str) -> Layer:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @cached_property
    def _by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """For each layer, the names of the layers that read it, in order."""
        readers: dict[str, list[str]] = {layer.name: [] for layer in self.layers}
        for layer in self.layers:
            for source in dict.fromkeys(layer.inputs):
                readers[source].append(layer.name)
        return {name: tuple(names) for name, names in readers.items()}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """`(channels, height, width)` of one image."""
        return self.layers[0].shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of one image's output; `(classes,)` for a classifier."""
        return self[self.output].shape

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the structure: the same for equal networks whatever their layers are named."""
        canonical = json.dumps(self._structure(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _structure(self) -> list[object]:
        """Layers numbered in depth-first order from the output, tensors in order of first use."""
        numbers: dict[str, int] = {}
        tensors: dict[str, int] = {}
        rows: list[object] = []
        stack = [self.output]
        while stack:
            layer = self[stack[-1]]
            missing = [name for name in layer.inputs if name not in numbers]
            if missing:
                stack.append(missing[0])
                continue
            stack.pop()
            if layer.name in numbers:
                continue
            numbers[layer.name] = len(numbers)
            roles = {
                role: [tensors.setdefault(name, len(tensors)), *_type_of(self.tensors[name])]
                for role, name in sorted(layer.tensors.items())
            }
            inputs = [numbers[name] for name in layer.inputs]
            batch = [] if layer.batch_first else [[layer.repeats, layer.batch_dim]]
            rows.append([layer.op, inputs, layer.shape, dict(layer.attributes), roles, *batch])
        return rows

    def to_json(self) -> str:
        """The architecture as a JSON document with its schema version.

        Raises:
            ArchitectureError: If an attribute is a number that JSON doesn't have.
        """
        document = {
            "schema": SCHEMA_VERSION,
            "layers": [_layer_json(layer) for layer in self.layers],
            "tensors": {name: _tensor_json(spec) for name, spec in self.tensors.items()},
            "output": self.output,
        }
        try:
            return json.dumps(document, indent=1, allow_nan=False)
        except ValueError as error:
            raise ArchitectureError(f"an attribute is not finite: {error}") from error

    @classmethod
    def from_json(cls, text: str) -> Architecture:
        """Reads what `to_json` wrote.

        Raises:
            ArchitectureError: If the text is not such a document; the message says where.
        """
        layers, tensors, output = parse_architecture(text)
        return cls(
            layers=tuple(
                Layer(
                    name=layer["name"],
                    op=layer["op"],
                    inputs=tuple(layer["inputs"]),
                    shape=tuple(layer["shape"]),
                    attributes=layer["attributes"],
                    tensors=layer["tensors"],
                    repeats=layer.get("repeats", 1),
                    batch_dim=layer.get("batch_dim", 0),
                )
                for layer in layers
            ),
            tensors={
                name: TensorSpec(
                    tuple(spec["shape"]), spec["trainable"], spec.get("dtype", FLOAT32)
                )
                for name, spec in tensors.items()
            },
            output=output,
        )


def _type_of(spec: TensorSpec) -> list[object]:
    return [spec.shape] if spec.dtype == FLOAT32 else [spec.shape, spec.dtype]


def _layer_json(layer: Layer) -> LayerJson:
    document = LayerJson(
        name=layer.name,
        op=layer.op,
        inputs=list(layer.inputs),
        shape=list(layer.shape),
        attributes=dict(layer.attributes),
        tensors=dict(layer.tensors),
    )
    if layer.repeats != 1:
        document["repeats"] = layer.repeats
    if layer.batch_dim != 0:
        document["batch_dim"] = layer.batch_dim
    return document


def _tensor_json(spec: TensorSpec) -> TensorJson:
    document = TensorJson(shape=list(spec.shape), trainable=spec.trainable)
    if spec.dtype != FLOAT32:
        document["dtype"] = spec.dtype
    return document
