"""Hostile architectures: our JSON, with the weights that it declares."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from tests.hostile.hostile_teacher import CANARY, Files, HostileTeacher

Document = dict[str, Any]
MOST_WRITTEN = 10**6  # numbers that a test writes to a file


def small_network() -> Document:
    """A classifier of ten classes that is accepted as it is."""
    layers = [
        _layer("input", "input", [], [3, 8, 8]),
        _layer("conv", "conv2d", ["input"], [6, 8, 8], _conv(), ["weight", "bias"]),
        _layer("relu", "relu", ["conv"], [6, 8, 8], {"args": [{"input": 0}]}),
        _layer("pool", "adaptive_avg_pool2d", ["relu"], [6, 1, 1],
               {"args": [{"input": 0}, [1, 1]]}),
        _layer("flat", "reshape", ["pool"], [6]),
        _layer("fc", "linear", ["flat"], [10], {}, ["weight", "bias"]),
    ]  # fmt: skip
    shapes = {"conv.weight": [6, 3, 3, 3], "conv.bias": [6], "fc.weight": [10, 6], "fc.bias": [10]}
    tensors = {name: {"shape": shape, "trainable": True} for name, shape in shapes.items()}
    return {"schema": 1, "layers": layers, "tensors": tensors, "output": "fc"}


def _layer(
    name: str,
    op: str,
    inputs: list[str],
    shape: list[int],
    attributes: Document | None = None,
    roles: list[str] | None = None,
) -> Document:
    return {
        "name": name,
        "op": op,
        "inputs": inputs,
        "shape": shape,
        "attributes": attributes or {},
        "tensors": {role: f"{name}.{role}" for role in roles or []},
    }


def _conv() -> Document:
    return {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}


def write_teacher(document: Document | str, folder: Path) -> Files:
    """The files of an architecture and of random weights in its shapes, unless they are huge."""
    text = document if isinstance(document, str) else json.dumps(document)
    architecture, weights = folder / "architecture.json", folder / "weights.safetensors"
    architecture.write_text(text)
    draw = np.random.default_rng(0)
    tensors = {} if isinstance(document, str) else document["tensors"]
    arrays = {
        name: draw.normal(size=spec["shape"]).astype(np.float32)
        for name, spec in tensors.items()
        if all(size > 0 for size in spec["shape"]) and math.prod(spec["shape"]) <= MOST_WRITTEN
    }
    save_file(arrays, weights)
    return {"architecture": architecture, "weights": weights}


def _changed(name: str, says: str, change: Callable[[Document], object]) -> HostileTeacher:
    def write(folder: Path) -> Files:
        document = small_network()
        change(document)
        return write_teacher(document, folder)

    return HostileTeacher(name, {}, write, "architecture", says)


def _text(name: str, says: str, text: Callable[[], str]) -> HostileTeacher:
    def write(folder: Path) -> Files:
        return write_teacher(text(), folder)

    return HostileTeacher(name, {}, write, "architecture", says)


def _relu(document: Document, op: str, arguments: list[Any], **keywords: object) -> None:
    """Puts another operator in the place of the activation."""
    attributes: Document = {"args": arguments}
    if keywords:
        attributes["kwargs"] = keywords
    document["layers"][2].update(op=op, attributes=attributes)


def _cyclic(document: Document) -> None:
    document["layers"][1]["inputs"] = ["relu"]


def _rename(document: Document, old: str, new: str) -> None:
    document.update(json.loads(json.dumps(document).replace(json.dumps(old), json.dumps(new))))


def _billion(document: Document) -> None:
    document["layers"][5]["shape"] = [200_000_000]
    document["tensors"]["fc.weight"]["shape"] = [200_000_000, 6]
    document["tensors"]["fc.bias"]["shape"] = [200_000_000]


def _inside_a_tensor(document: Document) -> None:
    _rename(document, "fc.weight", "conv.weight.weight")
    _rename(document, "fc.bias", "conv.weight.bias")


def _other_bias(document: Document) -> None:
    document["tensors"]["conv.bias"]["shape"] = [1]


def _shrinks(document: Document) -> None:
    document["layers"][0]["shape"] = [3, 1, 1]
    document["layers"][1]["attributes"]["padding"] = [0, 0]


def _image_out(document: Document) -> None:
    document.update(output="pool", layers=document["layers"][:4])
    document["tensors"] = {n: t for n, t in document["tensors"].items() if n.startswith("conv")}


def _one_class(document: Document) -> None:
    document["layers"][5]["shape"] = [1]
    document["tensors"]["fc.weight"]["shape"], document["tensors"]["fc.bias"]["shape"] = [1, 6], [1]


def _deep(document: Document) -> None:
    layers = document["layers"]
    relus = [
        _layer(f"relu{i}", "relu", [f"relu{i - 1}" if i else "conv"], [6, 8, 8],
               {"args": [{"input": 0}]})
        for i in range(6000)
    ]  # fmt: skip
    layers[2:3] = relus
    layers[-3]["inputs"] = ["relu5999"]


def _mixes_images(document: Document) -> None:
    _relu(document, "roll", [{"input": 0}, [1], [0]])


def _nothing_to_edit(document: Document) -> None:
    layers = document["layers"]
    document["layers"] = [layers[0], _layer("flat", "reshape", ["input"], [192]), layers[5]]
    document["layers"][2]["inputs"] = ["flat"]
    document["tensors"] = {
        "fc.weight": {"shape": [10, 192], "trainable": True},
        "fc.bias": {"shape": [10], "trainable": True},
    }


def _padded_widely(document: Document) -> None:
    _set(document, 1, "padding", [10**5, 10**5])
    _shape(document, 1, [6, 200006, 200006])


def _as_forward(document: Document) -> None:
    for role in ("weight", "bias"):
        _rename(document, f"fc.{role}", f"forward.{role}")


def _as_module(name: str) -> Callable[[Document], None]:
    """Another name for the convolution, and for its tensors."""

    def change(document: Document) -> None:
        for old in ("conv", "conv.weight", "conv.bias"):
            _rename(document, old, old.replace("conv", name))

    return change


def _attention_by_name(document: Document) -> None:
    first = {"input": 0}
    _relu(document, "scaled_dot_product_attention", [first], key=first, value=first)


def _many_dimensions(document: Document) -> None:
    document["tensors"]["more"] = {"shape": [2**31 - 1] * 600, "trainable": True}


def _untrained(document: Document) -> None:
    for tensor in document["tensors"].values():
        tensor["trainable"] = False


def _nested_arguments(document: Document) -> None:
    nested: Any = {"input": 0}
    for _ in range(200):
        nested = [nested]
    _relu(document, "relu", [nested])


def _set(document: Document, layer: int, attribute: str, value: object) -> None:
    document["layers"][layer]["attributes"][attribute] = value


def _shape(document: Document, layer: int, shape: list[int]) -> None:
    document["layers"][layer]["shape"] = shape


CODE = f"__import__('os').system('touch {CANARY}')"

ARCHITECTURES: tuple[HostileTeacher, ...] = (
    _text("architecture_that_is_no_json", "not a JSON|Expecting", lambda: "{"),
    _text("architecture_nested_deeply", "nested hundreds", lambda: "[" * 10**5 + "]" * 10**5),
    _text("architecture_of_another_schema", "schema", lambda: json.dumps(
        {**small_network(), "schema": 99})),
    _text("architecture_with_a_key_twice", "'schema' stands there twice",
          lambda: json.dumps(small_network()).replace('"schema"', '"schema": 1, "schema"', 1)),
    _text("architecture_too_long", "bytes", lambda: " " * (17 * 2**20)),
    _changed("cyclic_graph", "reads 'relu', which no earlier layer", _cyclic),
    _changed("two_layers_of_one_name", "two layers are named 'conv'",
             lambda d: d["layers"][2].update(name="conv")),
    _changed("layer_with_a_negative_shape", "positive integers",
             lambda d: _shape(d, 1, [6, -8, 8])),
    _changed("layer_with_an_enormous_shape", "positive integers",
             lambda d: _shape(d, 1, [6, 10**30, 8])),
    _changed("enormous_input", "images are too large",
             lambda d: _shape(d, 0, [3, 2**20, 2**20])),
    _changed("billion_parameters", "1400000168 numbers, at most 500000000", _billion),
    _changed("too_many_layers", "layers, at most", _deep),
    _changed("reads_a_file", "'from_file'",
             lambda d: _relu(d, "from_file", ["/etc/passwd", False, 10])),
    _changed("changes_its_input", "'relu_'", lambda d: _relu(d, "relu_", [{"input": 0}])),
    _changed("sets_memory", "'set_.source_Tensor'",
             lambda d: _relu(d, "set_.source_Tensor", [{"input": 0}, {"input": 0}])),
    _changed("uninitialised_memory", "'empty.memory_format'",
             lambda d: _relu(d, "empty.memory_format", [[10**9]])),
    _changed("random_operator", "'rand'", lambda d: _relu(d, "rand", [[2, 6, 8, 8]])),
    _changed("strides_over_memory", "'as_strided'",
             lambda d: _relu(d, "as_strided", [{"input": 0}, [2, 6, 8, 8], [10**9] * 4])),
    _changed("operator_of_another_library", "operator",
             lambda d: _relu(d, "../os.system", [{"input": 0}])),
    _changed("operator_by_attribute", "operator", lambda d: _relu(d, "__class__", [{"input": 0}])),
    _changed("enormous_constant", "relu.*memory",
             lambda d: _relu(d, "ones", [[10**6, 10**5]])),
    _changed("enormous_padding", "conv.*memory", _padded_widely),
    _changed("negative_padding", "conv", lambda d: _set(d, 1, "padding", [-9, -9])),
    _changed("stride_of_zero", "conv", lambda d: _set(d, 1, "stride", [0, 0])),
    _changed("groups_of_zero", "conv|groups", lambda d: _set(d, 1, "groups", 0)),
    _changed("enormous_groups", "conv|groups|built", lambda d: _set(d, 1, "groups", 2**40)),
    _changed("shape_that_is_not_so", r"conv.*declared.*\[6, 7, 8\]",
             lambda d: _shape(d, 1, [6, 7, 8])),
    _changed("image_that_shrinks", "conv.*can't run", _shrinks),
    _changed("tensor_of_another_shape", r"conv\.bias.*\(1,\)", _other_bias),
    _changed("tensor_inside_a_tensor", "inside tensor 'conv.weight'", _inside_a_tensor),
    _changed("name_of_an_operator_of_4_mb", "operator",
             lambda d: _relu(d, "aten." + "y" * 4_000_000, [{"input": 0}])),
    _changed("names_with_empty_parts", "can't be a name",
             lambda d: _rename(d, "fc.weight", "..fc..weight")),
    _changed("code_as_a_name", "can't be a name",
             lambda d: _rename(d, "relu", f'x") or {CODE} or ("')),
    _changed("code_as_an_argument_name", "takes the arguments",
             lambda d: _relu(d, "relu", [{"input": 0}], **{f"self={CODE}, x": 1})),
    _changed("a_modules_own_name", "forward",
             _as_forward),
    _changed("network_method_as_a_name", "'to_folder' as a part", _as_module("to_folder")),
    _changed("network_method_that_changes_it", "'delete_submodule' as a part",
             _as_module("delete_submodule")),
    _changed("self_as_a_name", "'self' as a part", _as_module("self")),
    _changed("keyword_as_a_name", "'class' as a part", _as_module("class")),
    _changed("einsum_of_too_few", "relu.*can't run",
             lambda d: _relu(d, "einsum", ["abcd,abcd->abcd", [{"input": 0}]])),
    _changed("einsum_of_too_many", "relu.*can't run",
             lambda d: _relu(d, "einsum", ["abcd->abcd", [{"input": 0}] * 2])),
    _changed("attention_of_too_few", "relu.*can't run",
             lambda d: _relu(d, "scaled_dot_product_attention", [{"input": 0}])),
    _changed("attention_by_name", "cost can't be counted", _attention_by_name),
    _changed("hundreds_of_dimensions", "600 sizes, at most 8", _many_dimensions),
    _changed("nothing_to_train", "none of its tensors is trainable",
             _untrained),
    _changed("weight_of_integers", "declared int64, its layer has float32",
             lambda d: d["tensors"]["conv.weight"].update(trainable=False, dtype="int64")),
    _changed("arguments_nested_deeply", "nested|argument", _nested_arguments),
    _changed("image_as_output", "logits", _image_out),
    _changed("output_of_one_class", "2 or more logits", _one_class),
    _changed("images_that_see_each_other", "other images", _mixes_images),
    _changed("nothing_to_edit", "nothing in this network can be removed", _nothing_to_edit),
)  # fmt: skip
