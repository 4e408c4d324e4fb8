"""One node of an ONNX graph as its operator's reader sees it: attributes, and values so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import onnx
from torch import Tensor

from networks.intake.limits import TeacherFileError
from networks.onnx.file import tensor_of
from networks.onnx.wire import WHERE

Function = Callable[..., "Tensor | tuple[Tensor, ...]"]


@dataclass(frozen=True)
class Place:
    """Where a constant stands: in the module at `path` that holds `members`, as its `role`."""

    path: str
    members: tuple[str, ...]
    role: str


@dataclass(frozen=True)
class OnnxValue:
    """What a name of the graph stands for, at a batch of one image.

    Attributes:
        name: Of the graph's, or of the step that computes it.
        tensor: On the meta device where it depends on the images, else real: it is folded.
        trainable: Whether it is a constant that training may change.
        place: Where a constant stands, if an operator needs it together with others.
    """

    name: str
    tensor: Tensor
    trainable: bool = False
    place: Place | None = None

    @property
    def constant(self) -> bool:
        """Whether it is the same for all images."""
        return not self.tensor.is_meta

    @property
    def is_float(self) -> bool:
        """Whether it could be trained."""
        return self.tensor.is_floating_point()

    @property
    def shape(self) -> tuple[int, ...]:
        """For one image."""
        return tuple(self.tensor.shape)


@dataclass(frozen=True)
class Call:
    """What a node computes: a function of values, one result for each of the node's outputs."""

    function: Function
    inputs: tuple[OnnxValue, ...]


class OnnxNode:
    """A node with its inputs."""

    def __init__(
        self, proto: onnx.NodeProto, inputs: Sequence[OnnxValue | None], opset: int
    ) -> None:
        self.op: str = proto.op_type
        self.title = f"node {proto.name or proto.output[0]!r} ({proto.op_type})"
        self.name: str = proto.name
        self.outputs: tuple[str, ...] = tuple(proto.output)
        self.opset = opset
        self._inputs = inputs
        self._attributes = {attribute.name: attribute for attribute in proto.attribute}

    def error(self, detail: str) -> TeacherFileError:
        """The refusal of this node."""
        return TeacherFileError(WHERE, f"{self.title}: {detail}")

    def value(self, index: int) -> OnnxValue:
        """An input that must be there."""
        found = self.optional(index)
        if found is None:
            raise self.error(f"its input {index} is missing")
        return found

    def optional(self, index: int) -> OnnxValue | None:
        """An input, or None where it was left out."""
        return self._inputs[index] if index < len(self._inputs) else None

    def values(self) -> tuple[OnnxValue, ...]:
        """All inputs, of which none may be left out."""
        return tuple(self.value(index) for index in range(len(self._inputs)))

    def constant(self, index: int) -> Tensor | None:
        """The value of an input that must not depend on the images; None where it was left out."""
        found = self.optional(index)
        if found is None:
            return None
        if not found.constant:
            raise self.error(f"its input {found.name!r} must be a constant")
        return found.tensor

    def integers(self, index: int) -> list[int] | None:
        """The integers of a constant input; None where it was left out."""
        tensor = self.constant(index)
        return None if tensor is None else [int(value) for value in tensor.reshape(-1).tolist()]

    def number(self, index: int) -> float | None:
        """The number of a constant input; None where it was left out."""
        tensor = self.constant(index)
        if tensor is None:
            return None
        if tensor.numel() != 1:
            raise self.error(f"its input {index} must be one number")
        return tensor.item()

    def integer_attribute(self, name: str, default: int) -> int:
        """An attribute that is an integer."""
        found = self._attribute(name, default)
        if not isinstance(found, int):
            raise self.error(f"its attribute {name!r} must be an integer")
        return found

    def float_attribute(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        found = self._attribute(name, default)
        if not isinstance(found, int | float):
            raise self.error(f"its attribute {name!r} must be a number")
        return float(found)

    def text_attribute(self, name: str, default: str) -> str:
        """An attribute that is a string."""
        found = self._attribute(name, default)
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)

    def integers_attribute(self, name: str) -> list[int] | None:
        """An attribute that is a list of integers; None where there is none."""
        found = self._attribute(name, None)
        if found is None:
            return None
        if not isinstance(found, Sequence) or not all(isinstance(value, int) for value in found):
            raise self.error(f"its attribute {name!r} must be a list of integers")
        return list(found)

    def tensor_attribute(self, name: str) -> Tensor | None:
        """An attribute that is a tensor; None where there is none."""
        found = self._attributes.get(name)
        if found is None or found.type != onnx.AttributeProto.TENSOR:
            return None
        return tensor_of(found.t, f"{self.outputs[0]}.{name}")

    def has(self, name: str) -> bool:
        """Whether an attribute is there."""
        return name in self._attributes

    def _attribute(self, name: str, default: object) -> object:
        found = self._attributes.get(name)
        return default if found is None else onnx.helper.get_attribute_value(found)

    def call(self, function: Function, *inputs: OnnxValue | None) -> Call:
        """What the node computes; inputs that were left out are no arguments."""
        return Call(function, tuple(value for value in inputs if value is not None))

    def in_module(self, **roles: OnnxValue | None) -> tuple[OnnxValue, ...]:
        """Constants as the tensors of one module, under their roles in it; left out ones are not.

        The module stands at the path that the first tensor's name tells, or the node's name.
        """
        present = {role: value for role, value in roles.items() if value is not None}
        if not all(value.constant for value in present.values()):
            return tuple(present.values())
        first = next(iter(present.values()))
        parent, _, last = first.name.rpartition(".")
        path = parent if parent and last in roles else self.name or first.name
        members = tuple(value.name for value in present.values())
        return tuple(
            replace(value, place=Place(path, members, role)) for role, value in present.items()
        )
