"""Finds what exporters spell out in several ONNX nodes, and puts one node in their place.

GELU (before opset 20) and layer normalisation (before opset 17) have no operator of their own, and
a linear layer on more than two dimensions is a product and a sum. Node by node they compute the
same, but nothing would tell them from arithmetic between channels.
"""

from __future__ import annotations

import math

import onnx
from onnx import helper

from networks.onnx.file import tensor_of

_CLOSE = 1e-4

Node = onnx.NodeProto


class _Nodes:
    """The nodes of a graph by what they give, who reads that, and the constants."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._giver: dict[str, Node] = {name: node for node in graph.node for name in node.output}
        self._readers: dict[str, int] = {output.name: 2 for output in graph.output}
        for name in (name for node in graph.node for name in node.input):
            self._readers[name] = self._readers.get(name, 0) + 1
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}

    def made_by(self, name: str, op: str, readers: int = 1) -> Node | None:
        """The node that gives a value, if that is its operator and so many read the value."""
        node = self._giver.get(name)
        if node is None or node.op_type != op or self._readers[name] != readers:
            return None
        return node

    def chain(self, name: str, operators: tuple[str, ...]) -> list[Node]:
        """The nodes that give a value, each from the first input of the one before; all or none."""
        found: list[Node] = []
        for op in operators:
            node = self.made_by(name, op)
            if node is None:
                return []
            found.append(node)
            name = node.input[0]
        return found

    def rank(self, name: str) -> int | None:
        """Of a tensor that stands in the file, be it under another name."""
        node = self._giver.get(name)
        if node is not None and node.op_type == "Identity":
            name = node.input[0]
        return len(self._tensors[name].dims) if name in self._tensors else None

    def are_rows(self, *names: str) -> bool:
        """Whether all are tensors of one dimension that stand in the file."""
        return all(self.rank(name) == 1 for name in names)

    def number(self, name: str) -> float | None:
        """The one number of a constant."""
        node, proto = self._giver.get(name), self._tensors.get(name)
        if node is not None and node.op_type == "Constant" and len(node.attribute) == 1:
            proto = node.attribute[0].t if node.attribute[0].HasField("t") else None
        if proto is None or any(size != 1 for size in proto.dims):
            return None
        return float(tensor_of(proto, name).item())

    def other(self, node: Node, number: float) -> str | None:
        """The input of a node of two that stands beside `number`."""
        for constant, value in _both(node):
            found = self.number(constant)
            if found is not None and abs(found - number) < _CLOSE:
                return value
        return None


Found = tuple[Node, list[Node]]  # what takes the place, and the nodes before it that go


def with_patterns(graph: onnx.GraphProto) -> list[Node]:
    """The nodes of a graph, with one in place of each pattern that was found."""
    nodes = _Nodes(graph)
    instead: dict[str, Node] = {}
    gone: set[str] = set()
    for node in graph.node:
        for find in (_gelu, _linear, _layer_norm):
            if node.output and (found := find(nodes, node)) is not None:
                instead[node.output[0]] = found[0]
                gone.update(part.output[0] for part in found[1])
                break
    return [
        instead.get(node.output[0], node) if node.output else node
        for node in graph.node
        if not node.output or node.output[0] not in gone
    ]


def _gelu(nodes: _Nodes, node: Node) -> Found | None:
    """`x · (erf(x / √2) + 1) · 0.5`, multiplied in any order."""
    if node.op_type != "Mul" or len(node.input) != 2:
        return None
    halved = nodes.other(node, 0.5)
    inner = nodes.made_by(halved, "Mul") if halved else None
    if inner is not None:
        for x, factor in _both(inner):
            if parts := _erf_plus_one(nodes, factor, x):
                return _one_node("Gelu", node, [x], {}), [inner, *parts]
    for half, factor in _both(node):
        inner = nodes.made_by(half, "Mul")
        halved = nodes.other(inner, 0.5) if inner is not None else None
        for source, rest in ((halved, factor), (factor, halved)):
            if inner is None or not source or not rest:
                continue
            if parts := _erf_plus_one(nodes, rest, source):
                return _one_node("Gelu", node, [source], {}), [inner, *parts]
    return None


def _erf_plus_one(nodes: _Nodes, name: str, x: str) -> list[Node] | None:
    """The nodes of `erf(x / √2) + 1`, if that is what a value is."""
    add = nodes.made_by(name, "Add")
    inside = nodes.other(add, 1.0) if add is not None else None
    erf = nodes.made_by(inside, "Erf") if inside else None
    if add is None or erf is None:
        return None
    divide, times = nodes.made_by(erf.input[0], "Div"), nodes.made_by(erf.input[0], "Mul")
    if divide is not None and divide.input[0] == x and nodes.other(divide, math.sqrt(2)) == x:
        return [add, erf, divide]
    if times is not None and nodes.other(times, math.sqrt(0.5)) == x:
        return [add, erf, times]
    return None


def _linear(nodes: _Nodes, node: Node) -> Found | None:
    """`x · W + b` of a matrix and a vector that stand in the file."""
    if node.op_type != "Add" or len(node.input) != 2:
        return None
    for product, bias in _both(node):
        matmul = nodes.made_by(product, "MatMul")
        if matmul is not None and nodes.rank(matmul.input[1]) == 2 and nodes.rank(bias) == 1:
            return _one_node("Gemm", node, [*matmul.input, bias], {}), [matmul]
    return None


def _layer_norm(nodes: _Nodes, node: Node) -> Found | None:
    """`(x - mean) / sqrt(mean((x - mean)²) + eps) · weight + bias` along the last dimension."""
    if node.op_type != "Add" or len(node.input) != 2:
        return None
    parts = nodes.chain(node.input[0], ("Mul", "Div"))
    centred = nodes.made_by(parts[-1].input[0], "Sub", readers=2) if parts else None
    if centred is None:
        return None
    scaled, divide = parts
    root = nodes.chain(divide.input[1], ("Sqrt", "Add", "ReduceMean", "Pow"))
    means = nodes.chain(centred.input[1], ("ReduceMean",))
    if not root or not means or not nodes.are_rows(scaled.input[1], node.input[1]):
        return None
    eps = nodes.number(root[1].input[1])
    power = root[3]
    same = power.input[0] == divide.input[0] and means[0].input[0] == centred.input[0]
    same = same and nodes.number(power.input[1]) == 2.0
    if eps is None or not same or not all(_is_along_rows(part) for part in (root[2], *means)):
        return None
    inputs = [centred.input[0], scaled.input[1], node.input[1]]
    return (
        _one_node("LayerNormalization", node, inputs, {"epsilon": eps}),
        [*parts, centred, *root, *means],
    )


def _is_along_rows(node: Node) -> bool:
    """Whether a mean is taken over the last dimension, which stays."""
    given = {attribute.name: attribute for attribute in node.attribute}
    kept = given["keepdims"].i if "keepdims" in given else 1
    return "axes" in given and list(given["axes"].ints) == [-1] and kept == 1


def _both(node: Node) -> list[tuple[str, str]]:
    """The two inputs of a node, in both orders."""
    if len(node.input) != 2:
        return []
    return [(node.input[0], node.input[1]), (node.input[1], node.input[0])]


def _one_node(op: str, last: Node, inputs: list[str], attributes: dict[str, float]) -> Node:
    node = helper.make_node(op, inputs, list(last.output), last.name)
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    return node
