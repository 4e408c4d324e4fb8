"""Hostile ONNX files."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.hostile.hostile_teacher import Files, HostileTeacher
from tests.hostile.weights_files import Exploit

Graph = onnx.GraphProto


def small_model(
    change: Callable[[Graph], object] = Graph.IsInitialized, opset: int = 17
) -> onnx.ModelProto:
    """A classifier of ten classes, accepted as it is, after `change`."""
    draw = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(draw.normal(size=shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["images", "conv.weight", "conv.bias"], ["c"], "conv",
                         pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], "pool"),
        helper.make_node("Flatten", ["p"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "fc.weight", "fc.bias"], ["logits"], "fc", transB=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [
            weights("conv.weight", 6, 3, 3, 3),
            weights("conv.bias", 6),
            weights("fc.weight", 10, 6),
            weights("fc.bias", 10),
        ],
    )
    change(graph)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def _of_bytes(name: str, says: str, data: Callable[[], bytes]) -> HostileTeacher:
    def write(folder: Path) -> Files:
        path = folder / "model.onnx"
        path.write_bytes(data())
        return {"onnx": path}

    return HostileTeacher(name, {}, write, "onnx", says)


def _changed(name: str, says: str, change: Callable[[Graph], object]) -> HostileTeacher:
    return _of_bytes(name, says, lambda: small_model(change).SerializeToString())


def _node(graph: Graph, op: str, inputs: Sequence[str] = ("c",)) -> onnx.NodeProto:
    """Puts another operator in the place of the activation."""
    node = helper.make_node(op, list(inputs), ["r"], "odd")
    graph.node[1].CopyFrom(node)
    return node


def _external(graph: Graph, location: str) -> None:
    tensor = graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)


def _bomb(graph: Graph) -> None:
    """A constant of 64 terabytes from three numbers."""
    graph.initializer.append(numpy_helper.from_array(np.full(3, 2**14, np.int64), "size"))
    graph.node.insert(0, helper.make_node("ConstantOfShape", ["size"], ["huge"], "huge"))
    _change_node(graph, 2, "Add", ["c", "huge"])


def _change_node(graph: Graph, index: int, op: str, inputs: Sequence[str]) -> None:
    graph.node[index].CopyFrom(helper.make_node(op, list(inputs), ["r"], "odd"))


def _doubling(graph: Graph) -> None:
    """A constant that doubles sixty times."""
    names = ["fc.bias", *(f"double{i}" for i in range(60))]
    for i, (old, new) in enumerate(itertools.pairwise(names)):
        graph.node.insert(i, helper.make_node("Concat", [old, old], [new], new, axis=0))
    graph.node.insert(60, helper.make_node("ReduceMax", ["double59"], ["most"], "most"))


def _range(graph: Graph) -> None:
    for name, value in (("start", 0), ("end", 2**62), ("step", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.int64), name))
    graph.node.insert(0, helper.make_node("Range", ["start", "end", "step"], ["many"], "many"))


def _padded(graph: Graph) -> None:
    del graph.node[0].attribute[:]
    graph.node[0].attribute.append(helper.make_attribute("pads", [2**30] * 4))


def _wide(graph: Graph) -> None:
    graph.initializer.append(
        numpy_helper.from_array(np.array([1, 6, 2**15, 2**16], np.int64), "size")
    )
    graph.node.insert(0, graph.node[0])
    _change_node(graph, 2, "Resize", ["c", "", "", "size"])
    graph.node[2].attribute.append(helper.make_attribute("mode", "linear"))
    del graph.node[0]


def _nested(depth: int) -> bytes:
    """A graph in an attribute of a node of a graph in an attribute …, by hand."""

    def field(number: int, value: bytes) -> bytes:
        size, encoded = len(value), b""
        while size >= 0x80:
            encoded += bytes([size & 0x7F | 0x80])
            size >>= 7
        return bytes([number << 3 | 2]) + encoded + bytes([size]) + value

    graph = b""
    for _ in range(depth):
        graph = field(1, field(5, field(6, graph)))  # node { attribute { g { … } } }
    return field(7, graph)


def _looping(op: str) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        body = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "body", [], [])
        node = _node(graph, op)
        node.attribute.append(helper.make_attribute("body", body))
        graph.node[1].CopyFrom(node)

    return change


def _dtype(kind: type[np.generic]) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        array = numpy_helper.to_array(graph.initializer[0]).astype(kind)
        graph.initializer[0].CopyFrom(numpy_helper.from_array(array, "conv.weight"))

    return change


def _value(number: float) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        array = numpy_helper.to_array(graph.initializer[0]).copy()
        array.flat[5] = number
        graph.initializer[0].CopyFrom(numpy_helper.from_array(array, "conv.weight"))

    return change


def _dims(graph: Graph, *dims: int) -> None:
    graph.initializer[0].dims[:] = dims


def _before(op: str, *inputs: str) -> Callable[[Graph], object]:
    """Has the activation read a node that has too little to read itself."""

    def change(graph: Graph) -> None:
        graph.node.insert(1, helper.make_node(op, list(inputs), ["odd"], "short"))
        graph.node[2].CopyFrom(helper.make_node("Add", ["odd", "conv.bias"], ["r"], "sum"))

    return change


def _without_outputs(graph: Graph) -> None:
    graph.node.append(helper.make_node("Relu", ["c"], [], "mute"))


def _infinite_under(name: str) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        _value(np.inf)(graph)
        graph.initializer[0].name = graph.node[0].input[1] = name

    return change


def _custom_domain(graph: Graph) -> None:
    graph.node[1].domain = "com.example.evil"


def _image(graph: Graph, *sizes: int | str) -> None:
    value = helper.make_tensor_value_info("images", TensorProto.FLOAT, list(sizes))
    graph.input[0].CopyFrom(value)


def _small_image(graph: Graph) -> None:
    _image(graph, "batch", 3, 1, 1)
    graph.node[0].ClearField("attribute")


def _fixed_batch(graph: Graph) -> None:
    """Adds the images of a batch up."""
    graph.initializer.append(numpy_helper.from_array(np.array([0], np.int64), "axes"))
    graph.node[1].CopyFrom(
        helper.make_node("ReduceMean", ["c"], ["r"], "odd", axes=[0], keepdims=1)
    )


def _two_outputs(graph: Graph) -> None:
    graph.output.append(helper.make_tensor_value_info("f", TensorProto.FLOAT, ["batch", 6]))


def _empty_nodes(graph: Graph) -> None:
    graph.node.extend([onnx.NodeProto()] * 10**5)


ONNX_FILES: tuple[HostileTeacher, ...] = (
    _of_bytes("pickle_as_onnx", "no ONNX file", lambda: pickle.dumps(Exploit())),
    _of_bytes("text_as_onnx", "no ONNX file", lambda: b"#!/bin/sh\ntouch canary\n"),
    _of_bytes("empty_onnx", "no ONNX file", lambda: b""),
    _of_bytes("truncated_onnx", "only a part", lambda: small_model().SerializeToString()[:-200]),
    _of_bytes("onnx_of_nested_graphs", "graphs are nested dozens", lambda: _nested(2000)),
    _of_bytes("onnx_of_empty_nodes", "more than the 16777216 bytes",
              lambda: b"\x3a\x80\x80\x80\x10" + b"\x0a\x00" * 2**24),
    _of_bytes("old_opset", "operator sets", lambda: small_model(opset=9).SerializeToString()),
    _of_bytes("opset_of_the_future", "operator sets",
              lambda: small_model(opset=99).SerializeToString()),
    _changed("onnx_of_too_many_nodes", "nodes, at most", _empty_nodes),
    _changed("external_data", r"'conv\.weight' is in another file",
             lambda g: _external(g, "weights.bin")),
    _changed("external_data_outside", "is in another file",
             lambda g: _external(g, "../../../../etc/passwd")),
    _changed("external_data_absolute", "is in another file", lambda g: _external(g, "/etc/passwd")),
    _changed("constant_bomb", "huge.*constants have more", _bomb),
    _changed("doubling_bomb", "double.*constants have more", _doubling),
    _changed("range_bomb", "many", _range),
    _changed("padding_bomb", "conv.*pads", _padded),
    _changed("resize_bomb", "memory", _wide),
    _changed("onnx_loop", "odd.*'Loop'", _looping("Loop")),
    _changed("onnx_branch", "odd.*'If'", _looping("If")),
    _changed("onnx_scan", "odd.*'Scan'", _looping("Scan")),
    _changed("unknown_onnx_operator", "odd.*'NonMaxSuppression'",
             lambda g: _node(g, "NonMaxSuppression")),
    _changed("node_without_outputs", "mute.*can't have 0 outputs", _without_outputs),
    _changed("product_of_nothing", "short.*can't have 0 inputs", _before("Mul")),
    _changed("identity_of_nothing", "short.*can't have 0 inputs", _before("Identity")),
    _changed("error_function_of_nothing", "short.*can't have 0 inputs", _before("Erf")),
    _changed("product_of_one", "short.*can't have 1 inputs", _before("MatMul", "c")),
    _changed("infinity_beside_the_constants", "constants2.*infinity",
             _infinite_under("constants2.weight")),
    _changed("infinity_among_the_constants", "constants_.*infinity",
             _infinite_under("constants.mask.weight")),
    _changed("tensor_of_many_dimensions", r"conv\.weight.*1000 dimensions",
             lambda g: _dims(g, *[2**62] * 1000)),
    _changed("custom_domain", "com.example.evil", _custom_domain),
    _changed("double_tensor", r"conv\.weight.*double", _dtype(np.float64)),
    _changed("int8_tensor", r"conv\.weight.*int8", _dtype(np.int8)),
    _changed("half_tensor", r"conv\.weight.*float16", _dtype(np.float16)),
    _changed("nan_tensor", r"conv\.weight.*NaN", _value(np.nan)),
    _changed("infinite_tensor", r"conv.weight.*infinity", _value(np.inf)),
    _changed("tensor_without_its_data", r"conv\.weight.*numbers",
             lambda g: _dims(g, 2**31, 2**31, 3, 3)),
    _changed("negative_dims", r"conv\.weight.*shape", lambda g: _dims(g, -6, -3, 3, 3)),
    _changed("initialiser_twice", "same name",
             lambda g: g.initializer.append(g.initializer[0])),
    _changed("value_twice", "name that is taken", lambda g: g.node.append(g.node[0])),
    _changed("onnx_cycle", "which nothing before it gives", lambda g: _node(g, "Relu", ["r"])),
    _changed("onnx_image_shrinks", "conv.*can't run", _small_image),
    _changed("onnx_enormous_image", "too large|memory",
             lambda g: _image(g, "batch", 3, 2**20, 2**20)),
    _changed("onnx_open_image", "all fixed but", lambda g: _image(g, "batch", 3, "h", "w")),
    _changed("onnx_negative_image", "all fixed but", lambda g: _image(g, 1, 3, -8, 8)),
    _changed("onnx_mixes_images", "mixes the images", _fixed_batch),
    _changed("onnx_two_outputs", "2 outputs", _two_outputs),
    _changed("onnx_output_from_nowhere", "logits.*depend", lambda g: g.node.pop()),
)  # fmt: skip
