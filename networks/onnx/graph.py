"""Runs an ONNX graph once on one image without memory, into a module that computes it for a batch.

What doesn't depend on the images (shapes, and all that exporters compute with them) is folded.
Sizes are those of one image, so that constants meet a batch by broadcasting; the operators' readers
leave the batch dimension open. That a batch is computed image by image is checked on the result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import onnx
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from networks.intake.dry_run import first_line
from networks.intake.limits import TeacherFileError, TeacherLimits
from networks.intake.names import taken_parts
from networks.onnx.file import OnnxFile, tensor_of
from networks.onnx.form import expect_form
from networks.onnx.node import Call, Function, OnnxNode, OnnxValue, Place
from networks.onnx.operators import OPERATORS
from networks.onnx.patterns import with_patterns
from networks.onnx.wire import WHERE

_ROLES = frozenset({"weight", "bias", "running_mean", "running_var"})
LOOSE = "constants"  # the module of what no operator needs together with others
MOST_COMPUTED = 2**24  # numbers in constants that a file of small constants may have computed


@dataclass(frozen=True)
class _Step:
    """A call of the module's: values and tensors by name."""

    function: Function
    inputs: tuple[tuple[bool, str], ...]  # whether it is a tensor of the module, and its name
    outputs: tuple[str, ...]
    done_with: tuple[str, ...]  # values that no later step reads


class OnnxModule(nn.Module):
    """Computes an ONNX graph for any batch of images."""

    def __init__(self, steps: tuple[_Step, ...], images: str, logits: str) -> None:
        super().__init__()
        self._steps = steps
        self._images = images
        self._logits = logits

    def forward(self, images: Tensor) -> Tensor:
        """Logits `batch x classes` of images `batch x channels x height x width`."""
        state = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        values = {self._images: images}
        for step in self._steps:
            found = step.function(
                *(state[name] if held else values[name] for held, name in step.inputs)
            )
            results = found if isinstance(found, tuple) else (found,)
            values.update(zip(step.outputs, results, strict=False))
            for name in step.done_with:
                del values[name]
        return values[self._logits]


class GraphReader:
    """One pass over the nodes; `module` is what it found.

    Raises:
        TeacherFileError: If a node has an operator that we don't know, or can't be computed.
    """

    def __init__(self, file: OnnxFile, limits: TeacherLimits) -> None:
        self._file = file
        self._limits = limits
        self._steps: list[tuple[Call, tuple[str, ...]]] = []
        self._held = 0  # numbers that the file holds
        self._computed = 0  # numbers in constants that are computed from them
        image = torch.empty(1, *file.input_shape, device="meta")
        self._values = {file.input_name: OnnxValue(file.input_name, image)}
        for proto in file.graph.initializer:
            tensor = tensor_of(proto, proto.name)
            self._count(tensor.numel(), proto.name)
            self._values[proto.name] = OnnxValue(proto.name, tensor, tensor.is_floating_point())
        expect_form(file.graph, file.opset)
        self._counter = FlopCounterMode(display=False)
        with torch.no_grad(), self._counter:
            for node in with_patterns(file.graph):
                self._read(node)

    def _count(self, elements: int, name: str) -> None:
        self._held += elements
        if self._held > self._limits.max_params:
            raise _refused(
                f"with {name!r}, its constants have more than {self._limits.max_params} numbers"
            )

    def _count_computed(self, elements: int, name: str) -> None:
        """Bounds what is computed by what the file holds: each weight may be moved twice."""
        most = min(max(2 * self._held, MOST_COMPUTED), self._limits.max_params)
        self._computed += elements
        if self._computed > most:
            raise _refused(f"with {name!r}, its computed constants have more than {most} numbers")

    def _expect_macs(self) -> None:
        if self._counter.get_total_flops() > 2 * self._limits.max_macs:
            raise _refused(
                f"one image takes more than {self._limits.max_macs} multiply-accumulates"
            )

    def _read(self, proto: onnx.NodeProto) -> None:
        node = self._node(proto)
        if node.outputs[0] in self._values:
            raise node.error(f"its output {node.outputs[0]!r} has a name that is taken")
        try:
            call = OPERATORS[node.op](node)
            results = self._sizes(call, node)
        except TeacherFileError:
            raise
        except Exception as error:  # each operator raises kinds of its own
            raise node.error(f"it can't run on its inputs: {first_line(error)}") from error
        self._expect_macs()  # before anything is computed
        if all(value.constant for value in call.inputs):
            self._fold(call, node, results)
            return
        largest = max(result.numel() for result in results) * 4
        if largest > self._limits.max_activation_bytes:
            raise node.error("it needs more memory for one image than a teacher may")
        self._steps.append((call, node.outputs))
        for name, result in zip(node.outputs, results, strict=False):
            self._values[name] = OnnxValue(name, result)

    def _node(self, proto: onnx.NodeProto) -> OnnxNode:
        title = proto.name or proto.op_type
        for name in proto.input:
            if name and name not in self._values:
                raise _refused(f"node {title!r} reads {name!r}, which nothing before it gives")
        inputs = [self._values[name] if name else None for name in proto.input]
        return OnnxNode(proto, inputs, self._file.opset)

    @staticmethod
    def _sizes(call: Call, node: OnnxNode) -> tuple[Tensor, ...]:
        found = call.function(*(value.tensor.to("meta") for value in call.inputs))
        results = found if isinstance(found, tuple) else (found,)
        if len(results) < len([name for name in node.outputs if name]):
            raise node.error(f"it has {len(node.outputs)} outputs, {len(results)} are taken")
        return results

    def _fold(self, call: Call, node: OnnxNode, sizes: tuple[Tensor, ...]) -> None:
        count = self._count if node.op == "Constant" else self._count_computed
        count(sum(size.numel() for size in sizes), node.outputs[0])
        found = call.function(*(value.tensor for value in call.inputs))
        results = found if isinstance(found, tuple) else (found,)
        trainable = any(value.trainable for value in call.inputs)
        for name, result in zip(node.outputs, results, strict=False):
            self._values[name] = OnnxValue(name, result, trainable and result.is_floating_point())

    def module(self) -> OnnxModule:
        """The module, with the constants that it reads as its parameters and buffers."""
        output = self._values.get(self._file.output_name)
        if output is None or output.constant:
            raise _refused(f"its output {self._file.output_name!r} doesn't depend on its images")
        tensors = _Tensors()
        steps: list[_Step] = []
        for call, outputs, done_with in self._needed():
            inputs = tuple(
                (value.constant, tensors.name_of(value) if value.constant else value.name)
                for value in call.inputs
            )
            steps.append(_Step(call.function, inputs, outputs, done_with))
        module = OnnxModule(tuple(steps), self._file.input_name, self._file.output_name)
        tensors.put_into(module)
        return module

    def _needed(self) -> list[tuple[Call, tuple[str, ...], tuple[str, ...]]]:
        """The calls that the output needs, their outputs, and the values that none reads later."""
        needed = {self._file.output_name}
        found: list[tuple[Call, tuple[str, ...], tuple[str, ...]]] = []
        for call, outputs in reversed(self._steps):
            if needed & set(outputs):
                read = {value.name for value in call.inputs if not value.constant}
                found.append((call, outputs, tuple(sorted(read - needed))))
                needed |= read
        return found[::-1]


class _Tensors:
    """The constants that a module holds, each under a name that a module can have."""

    def __init__(self) -> None:
        self._names: dict[Place | str, str] = {}
        self._held: dict[str, OnnxValue] = {}
        self._homes: dict[tuple[str, ...], str] = {}  # what stands in one module, to its path

    def name_of(self, value: OnnxValue) -> str:
        key = value.place or value.name
        if key not in self._names:
            if value.place is not None:
                name = f"{self._home(value.place)}.{value.place.role}"
            else:
                name = f"{LOOSE}.{self._free(value.name.replace('.', '_'), LOOSE)}"
            self._names[key] = name
            self._held[name] = value
        return self._names[key]

    def _home(self, place: Place) -> str:
        if place.members not in self._homes:
            self._homes[place.members] = self._free(place.path, "")
        return self._homes[place.members]

    def _free(self, path: str, under: str) -> str:
        """A path of identifiers, none of them taken."""
        parts = [re.sub(r"\W", "_", part, flags=re.ASCII) for part in path.split(".")]
        parts = [part for part in parts if part.strip("_")] or ["tensor"]
        taken_names = {*_ROLES, LOOSE, *taken_parts(".".join(parts))}
        safe = [f"{part}_" if part in taken_names else part for part in parts]
        base = free = ".".join(safe)
        number = 2
        taken = {*self._homes.values(), *self._held}
        while (f"{under}.{free}" if under else free) in taken:
            free = f"{base}_{number}"
            number += 1
        return free

    def put_into(self, module: nn.Module) -> None:
        for name, value in self._held.items():
            path, _, attribute = name.rpartition(".")
            holder = module
            for part in path.split("."):
                if not hasattr(holder, part):
                    holder.add_module(part, nn.Module())
                holder = getattr(holder, part)
            weight = value.trainable or (value.place is not None and value.is_float)
            if weight and not attribute.startswith("running_"):
                holder.register_parameter(attribute, nn.Parameter(value.tensor))
            else:
                holder.register_buffer(attribute, value.tensor)


def _refused(detail: str) -> TeacherFileError:
    return TeacherFileError(WHERE, detail)
