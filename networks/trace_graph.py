"""Reads the ATen graph of an exported program into layers."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import torch
from torch import Tensor, fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer, TensorSpec
from networks.architecture_json import Attribute
from networks.errors import TraceError
from networks.trace_operators import (
    READERS,
    input_of,
    is_whole_slice,
    name_of,
    operator_name,
    path_of,
    read_aten,
    shape_of,
)


class GraphReader:
    """One pass over the graph; `architecture` and `weights` are what it found.

    Raises:
        TraceError: If the graph has something that no layer can stand for.
    """

    def __init__(self, program: ExportedProgram) -> None:
        self._program = program
        self._layers: list[Layer] = []
        self._alias: dict[fx.Node, str] = {}  # a node to the layer that holds its value now
        self._tensor_of: dict[fx.Node, str] = {}  # a placeholder to its tensor's name
        self._batch: set[fx.Node] = set()  # nodes whose value is the batch size
        self._names = {INPUT}
        self._original: dict[str, str] = {}  # a renamed tensor to its name in the program
        self._output = ""
        for node in program.graph.nodes:
            self._read(node)

    def architecture(self) -> Architecture:
        """The layers that the output needs, and their tensors."""
        needed = {self._output, INPUT}
        for layer in reversed(self._layers):
            if layer.name in needed:
                needed.update(layer.inputs)
        layers = tuple(layer for layer in self._layers if layer.name in needed)
        tensors: dict[str, TensorSpec] = {}
        trainable = {name for name, _ in self._program.named_parameters()}
        for layer in layers:
            for name in layer.tensors.values():
                shape = tuple(self._state(name).shape)
                tensors[name] = TensorSpec(shape, self._original.get(name, name) in trainable)
        return Architecture(layers, tensors, self._output)

    def weights(self) -> dict[str, Tensor]:
        """The tensors' values by name, detached and contiguous."""
        names = self.architecture().tensors
        return {name: self._state(name).detach().clone().contiguous() for name in names}

    def _state(self, name: str) -> Tensor:
        program = self._program
        name = self._original.get(name, name)
        value = program.state_dict.get(name, program.constants.get(name))
        if not isinstance(value, Tensor):
            raise TraceError(f"the graph has no tensor {name!r}")
        return value

    def _read(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self._read_placeholder(node)
        elif node.op == "output":
            self._output = self._read_output(node)
        elif node.target is torch.ops.aten.sym_size.int:
            self._read_size(node)
        elif node.op == "call_function":
            self._read_call(node)
        else:
            raise TraceError(
                f"the graph has a node {node.format_node()!r} that no layer stands for"
            )

    def _read_placeholder(self, node: fx.Node) -> None:
        for spec in self._program.graph_signature.input_specs:
            if spec.arg.name != node.name:
                continue
            if spec.kind == InputKind.USER_INPUT:
                self._alias[node] = INPUT
                self._layers.append(Layer(INPUT, INPUT, (), shape_of(node)))
            elif spec.target is not None:
                self._tensor_of[node] = spec.target
            return

    def _read_output(self, node: fx.Node) -> str:
        (results,) = node.args
        if not isinstance(results, Sequence) or len(results) != 1:
            raise TraceError("the network must return one tensor")
        (result,) = results
        if not isinstance(result, fx.Node):
            raise TraceError("the network's output doesn't depend on its input")
        return self._name(result)

    def _read_size(self, node: fx.Node) -> None:
        if node.args[1] != 0:
            raise TraceError(f"{node.format_node()!r} asks for a size that isn't the batch's")
        self._batch.add(node)

    def _read_call(self, node: fx.Node) -> None:
        if node.target is operator.getitem:
            return  # read with the operator that it takes a part of
        name = operator_name(node)
        if name in ops.IDENTITIES or is_whole_slice(node, name):
            self._alias[node] = self._name(input_of(node))
            return
        inplace = name.partition(".")[0].endswith("_")
        reader = READERS.get(name.replace("_.", ".").rstrip("_"), read_aten)
        for layer, holder in reader(self, node):
            self._layers.append(layer)
            self._alias[holder] = layer.name
        if inplace:
            self._alias[input_of(node)] = self._alias[node]

    def _name(self, node: object) -> str:
        if not isinstance(node, fx.Node) or node not in self._alias:
            raise TraceError(f"{node} is no layer's output")
        return self._alias[node]

    def tensors(self, **roles: object) -> dict[str, str]:
        """Role to tensor name, for those that are there."""
        return {
            role: self._tensor_of[node]
            for role, node in roles.items()
            if isinstance(node, fx.Node) and node in self._tensor_of
        }

    def layer(
        self,
        node: fx.Node,
        op: str,
        attributes: dict[str, Attribute] | None = None,
        tensors: dict[str, str] | None = None,
        source: fx.Node | None = None,
    ) -> list[tuple[Layer, fx.Node]]:
        """A layer with one input: `source`, else `node`'s first argument."""
        path = path_of(tensors)
        name = self._unique(path or name_of(node))
        layer = Layer(
            name=name,
            op=op,
            inputs=(self._name(source or input_of(node)),),
            shape=shape_of(node),
            attributes=attributes or {},
            tensors=tensors or {} if path else self._rename(name, tensors or {}),
        )
        return [(layer, node)]

    def _rename(self, layer: str, tensors: dict[str, str]) -> dict[str, str]:
        """Names under the layer's, for tensors that stand in no module but the network itself."""
        renamed = {role: f"{layer}.{role}" for role in tensors}
        self._original.update({renamed[role]: name for role, name in tensors.items()})
        return renamed

    def _unique(self, name: str) -> str:
        number = 2
        free = name
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
                return {"batch": True}
            if value in self._tensor_of:
                role = f"tensor{len(tensors)}"
                tensors[role] = self._tensor_of[value]
                return {"tensor": role}
            inputs.append(self._name(value))
            return {"input": len(inputs) - 1}
        if isinstance(value, list | tuple):
            return [self.template(item, inputs, tensors) for item in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TraceError(f"an argument {value!r} can't be kept in an architecture")

    def named(self, node: fx.Node) -> str:
        """A free name for `node`."""
        return self._unique(name_of(node))
