"""Reads the ATen graph of an exported program into layers."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, fx
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer
from networks.architecture_json import Attribute
from networks.errors import TraceError
from networks.tracing.constants import as_tensor, fold
from networks.tracing.memory import is_identity, is_whole, read_later, source_of
from networks.tracing.nodes import (
    batch_multiple,
    constant_argument,
    extent_of,
    input_of,
    name_of,
    operator_name,
    pure_name,
    rank_of,
)
from networks.tracing.operators import READERS, read_aten
from networks.tracing.tensors import TraceTensors


class GraphReader:
    """One pass over the graph; `architecture` and `weights` are what it found.

    Raises:
        TraceError: If the graph has something that no layer can stand for.
    """

    def __init__(self, program: ExportedProgram) -> None:
        self._program = program
        self._layers: list[Layer] = []
        self._alias: dict[fx.Node, str] = {}  # a node to the layer that holds its value now
        self._tensor_of: dict[fx.Node, str] = {}  # a node to the tensor that is its value
        self._known: dict[fx.Node, object] = {}  # values that depend on constants alone
        self._batch: dict[fx.Node, int] = {}  # multiples of the batch size
        self._names = {INPUT}
        self._tensors = TraceTensors(program)
        self._kinds = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
        self._output = ""
        for node in program.graph.nodes:
            self._read(node)

    def architecture(self) -> Architecture:
        """The layers that the output needs, and their tensors."""
        needed = {self._output, INPUT}
        for layer in reversed(self._layers):
            if layer.name in needed:
                needed.update(layer.inputs)
        layers = tuple(
            replace(layer, tensors={k: self._tensors.final(v) for k, v in layer.tensors.items()})
            for layer in self._layers
            if layer.name in needed
        )
        names = [name for layer in layers for name in layer.tensors.values()]
        tensors = {name: self._tensors.spec(name) for name in names}
        return Architecture(layers, tensors, self._output)

    def weights(self, names: Iterable[str]) -> dict[str, Tensor]:
        """The tensors' values by name, detached and contiguous."""
        return {name: self._tensors[name].detach().clone().contiguous() for name in names}

    def _read(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self._read_placeholder(node)
        elif node.op == "output":
            self._output = self._read_output(node)
        elif node.op != "call_function":
            raise TraceError(_no_layer(node))
        elif isinstance(node.meta.get("val"), torch.SymInt):
            self._read_size(node)
        elif isinstance(node.target, OpOverload):
            self._read_call(node)
        elif node.target is operator.getitem and input_of(node) in self._known:
            parts = self._known[input_of(node)]
            self._known[node] = operator.getitem(parts, node.args[1])

    def _read_placeholder(self, node: fx.Node) -> None:
        spec = self._kinds[node.name]
        if spec.kind == InputKind.USER_INPUT:
            self._alias[node] = INPUT
            self._layers.append(Layer(INPUT, INPUT, (), extent_of(node).shape))
        elif spec.kind == InputKind.CONSTANT_TENSOR and spec.target is not None:
            self._known[node] = self._tensors[spec.target]
        elif spec.target is not None:
            self._tensor_of[node] = spec.target

    def _read_output(self, node: fx.Node) -> str:
        (results,) = node.args
        if not isinstance(results, Sequence) or len(results) != 1:
            raise TraceError("the network must return one tensor")
        (result,) = results
        if not isinstance(result, fx.Node) or result not in self._alias:
            raise TraceError("the network's output doesn't depend on its input")
        extent = extent_of(result)
        if (extent.batch_dim, extent.repeats) != (0, 1):
            raise TraceError(f"the network's output has no row of its own for each image: {extent}")
        return self._alias[result]

    def _read_size(self, node: fx.Node) -> None:
        multiple = batch_multiple(node.meta["val"])
        if multiple is not None:  # where one that isn't is used, `template` refuses it
            self._batch[node] = multiple

    def _read_call(self, node: fx.Node) -> None:
        name = operator_name(node)
        if name.partition(".")[0] in ops.CHECKS:
            return
        found = fold(node, self._known)
        if found is not None:
            self._known[node] = found
        elif is_identity(node, name):
            self._pass_on(node)
        else:
            self._read_layer(node, name)

    def _pass_on(self, node: fx.Node) -> None:
        """The node's value is its input's."""
        source = input_of(node)
        if source in self._tensor_of:
            self._tensor_of[node] = self._tensor_of[source]
        else:
            self._alias[node] = self.name(source)

    def _read_layer(self, node: fx.Node, name: str) -> None:
        reader = READERS.get(pure_name(name), read_aten)
        for layer, holder in reader(self, node):
            self._layers.append(layer)
            self._alias[holder] = layer.name
        if name.partition(".")[0].endswith("_"):
            self._rebind(input_of(node), self._alias[node], node)

    def _rebind(self, changed: fx.Node, layer: str, by: fx.Node) -> None:
        """`by` gave `changed` the value of `layer`: what lies on its memory has a new value too."""
        stale = read_later(changed, by)
        self._set(changed, layer)
        while stale and (base := source_of(changed)) is not None:
            if not is_whole(changed):
                layer = self._scattered(changed, base, layer, by)
            self._set(base, layer)
            stale = [node for node in stale if node is not base]
            changed = base
        for node in stale:
            if not is_whole(node):
                raise TraceError(f"{by.name} changes in place what {node.name} reads later")
            self._set(node, self.name(source_of(node)))

    def _set(self, node: fx.Node, layer: str) -> None:
        """From here on the node's value is the layer's output."""
        self._alias[node] = layer
        self._tensor_of.pop(node, None)
        self._known.pop(node, None)

    def _scattered(self, part: fx.Node, base: fx.Node, layer: str, by: fx.Node) -> str:
        """A new layer: the base with the output of `layer` in place of a part of it."""
        name = operator_name(part) if isinstance(part.target, OpOverload) else ""
        scatter = ops.SCATTERS.get(name)
        if scatter is None:
            raise TraceError(f"{by.name} changes in place a view that is read as a whole later")
        arguments: list[Attribute] = [{"input": 0}, {"input": 1}]
        arguments += [self.template(value, [], {}) for value in part.args[1:]]
        inputs = [self.name(base), layer]
        ((written, _),) = self.call(base, scatter, inputs, {"args": arguments}, {})
        self._layers.append(written)
        return written.name

    def name(self, node: object) -> str:
        """The layer whose output a node is; a tensor that is read as a layer's output gets one.

        Raises:
            TraceError: If it is no layer's output.
        """
        if isinstance(node, fx.Node) and node not in self._alias:
            tensors: dict[str, str] = {}
            self._note_tensor(node, tensors)
            if tensors:
                shape = self._tensors[tensors["tensor0"]].shape
                name = self._unique(f"{tensors['tensor0']}.{ops.TENSOR}")
                roles = {"value": tensors["tensor0"]}
                layer = Layer(name, ops.TENSOR, (), tuple(shape), {}, roles, batch_dim=None)
                self._layers.append(layer)
                self._alias[node] = layer.name
        if not isinstance(node, fx.Node) or node not in self._alias:
            raise TraceError(f"{node} is no layer's output")
        return self._alias[node]

    def batch_dim(self, node: fx.Node) -> int | None:
        """Which dimension of a node's value is the batch."""
        return extent_of(node).batch_dim

    def module_tensors(self, **roles: object) -> dict[str, str] | None:
        """Role to tensor name for the arguments that are given, under one module's path.

        Returns:
            `None` if one of them is no tensor of the network, or they belong to several modules.
        """
        found: dict[str, str] = {}
        for role, value in roles.items():
            if isinstance(value, fx.Node) and value in self._tensor_of:
                found[role] = self._tensor_of[value]
            elif value is not None:
                return None
        paths = {name.rpartition(".")[0] for name in found.values()}
        return found if len(paths) < 2 else None

    def layer(
        self,
        node: fx.Node,
        op: str,
        attributes: dict[str, Attribute] | None = None,
        tensors: dict[str, str] | None = None,
        source: fx.Node | None = None,
    ) -> list[tuple[Layer, fx.Node]]:
        """A layer with one input: `source`, else `node`'s first argument."""
        inputs = [self.name(source or input_of(node))]
        return self.call(node, op, inputs, attributes or {}, tensors or {})

    def call(
        self,
        node: fx.Node,
        op: str,
        inputs: list[str],
        attributes: dict[str, Attribute],
        tensors: dict[str, str],
    ) -> list[tuple[Layer, fx.Node]]:
        """A layer of any inputs."""
        base = name_of(node)
        shape, repeats, batch_dim = extent_of(node)
        if op in ops.MODULES and tensors:
            does = (op, attributes, rank_of(node) if op == ops.BATCH_NORM else 0)
            held = self._tensors.in_module(base, tensors, does)
            if held is None:
                return read_aten(self, node)
            base, tensors = next(iter(held.values())).rpartition(".")[0], held
        name = self._unique(base)
        layer = Layer(name, op, tuple(inputs), shape, attributes, tensors, repeats, batch_dim)
        return [(layer, node)]

    def _unique(self, name: str) -> str:
        number = 2
        free = name = self._tensors.safe(name)
        while free in self._names:
            free = f"{name}#{number}"
            number += 1
        self._names.add(free)
        return free

    def template(self, value: object, inputs: list[str], tensors: dict[str, str]) -> Attribute:
        """An ATen argument as JSON; layers, tensors and the batch size by reference.

        Raises:
            TraceError: If it is a size that depends on the batch in another way, or no JSON value.
        """
        if isinstance(value, fx.Node):
            if value in self._batch:
                return {"batch": self._batch[value]}
            if value not in self._alias and self._note_tensor(value, tensors):
                return {"tensor": list(tensors)[-1]}
            inputs.append(self.name(value))
            return {"input": len(inputs) - 1}
        if isinstance(value, list | tuple):
            return [self.template(item, inputs, tensors) for item in value]
        return constant_argument(value)

    def _note_tensor(self, node: fx.Node, tensors: dict[str, str]) -> bool:
        """Notes under a new role the tensor that is a node's value, if one is."""
        if node in self._known:
            value = as_tensor(self._known[node])
            if value is None:
                return False
            name = self._unique(f"{name_of(node)}.constant")
            self._tensors.add(name, value)
            self._tensor_of[node] = name
        if node not in self._tensor_of:
            return False
        tensors[f"tensor{len(tensors)}"] = self._tensor_of[node]
        return True


def _no_layer(node: fx.Node) -> str:
    """Why there is no layer for a node: it is a graph of its own that another node runs."""
    if any("autocast" in str(user.target) for user in node.users):
        return "the network runs a part of itself under autocast: trace it without"
    runners = ", ".join(str(user.target) for user in node.users)
    return f"the graph has a node {node.name!r} that no layer stands for ({runners})"
