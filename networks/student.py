"""An architecture, with weights or without, to a plain `nn.Module`."""

from __future__ import annotations

import operator
from collections.abc import Mapping

import torch
from torch import Tensor, fx, nn
from torch._ops import OpOverload

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer
from networks.architecture_json import DTYPES, NOT_FINITE, Attribute
from networks.errors import ArchitectureError, WeightsError
from networks.layer_modules import make_module, module_key

# What a built network, being a `GraphModule`, has itself: no child of it can be named so.
RESERVED = frozenset(dir(fx.GraphModule(nn.Module(), fx.Graph())))


def build(architecture: Architecture, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """A trainable module that computes `architecture`; takes any batch size.

    Convolutions, linear layers, normalisations and dropout are PyTorch's modules under their own
    names; `train()` and `eval()` work as on any module. Without weights they are initialised as
    PyTorch does.

    Raises:
        ArchitectureError: If an operator or one of its attributes is none that PyTorch has.
        WeightsError: If the weights are not exactly the architecture's tensors.
    """
    module = _Builder(architecture).module()
    if weights is not None:
        load(module, architecture, weights)
    return module


def load(module: nn.Module, architecture: Architecture, weights: Mapping[str, Tensor]) -> None:
    """Copies `weights` into a module that was built from `architecture`.

    Raises:
        WeightsError: If they are not exactly the architecture's tensors.
    """
    if missing := architecture.tensors.keys() - weights.keys():
        raise WeightsError(f"weights lack {sorted(missing)[:3]} ({len(missing)} in all)")
    if extra := weights.keys() - architecture.tensors.keys():
        raise WeightsError(f"weights have {sorted(extra)[:3]}, which the network has not")
    state = module.state_dict()
    for name, spec in architecture.tensors.items():
        if tuple(weights[name].shape) != spec.shape:
            raise WeightsError(
                f"weights {name!r} have shape {tuple(weights[name].shape)}, expected {spec.shape}"
            )
        state[name].copy_(weights[name])


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Copies of a built module's tensors under the names that its architecture has for them."""
    return {
        name: value.detach().clone().contiguous()
        for name, value in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


class _Builder:
    """Builds one `fx` graph, layer by layer."""

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._root = nn.Module()
        self._graph = fx.Graph()
        self._nodes: dict[str, fx.Node] = {}
        self._batch: fx.Node | None = None
        self._owners: dict[str, Layer] = {}  # the layer that a module was made for, by its path

    def module(self) -> nn.Module:
        for name in (*self._architecture.tensors, *(layer.name for layer in self._architecture)):
            _expect_name(name)
        layers = [layer for layer in self._architecture if layer.op in ops.MODULES]
        for path in (*self._architecture.tensors, *map(self._path, layers)):
            if path.partition(".")[0] in RESERVED:
                raise ArchitectureError(f"{path!r}: a network has no place for a part of that name")
        for layer in sorted(layers, key=lambda layer: self._path(layer).count(".")):
            self._add_module(layer)
        for layer in self._architecture:
            self._nodes[layer.name] = self._node(layer)
            self._nodes[layer.name].meta["layer"] = layer.name
        self._graph.output(self._nodes[self._architecture.output])
        return fx.GraphModule(self._root, self._graph, class_name="Student")

    def _node(self, layer: Layer) -> fx.Node:
        if layer.op == INPUT:
            return self._graph.placeholder("x")
        inputs = [self._nodes[name] for name in layer.inputs]
        if layer.op in ops.MODULES:
            return self._graph.call_module(self._path(layer), (inputs[0],))
        if layer.op == ops.TENSOR:
            return self._tensor(layer.tensors["value"])
        if layer.op in ops.OURS:
            return self._graph.call_function(*self._reshaping(layer, inputs))
        return self._call_aten(layer, inputs)

    def _reshaping(
        self, layer: Layer, inputs: list[fx.Node]
    ) -> tuple[OpOverload, tuple[fx.node.Argument, ...]]:
        """The operator and arguments of what only moves elements."""
        aten = torch.ops.aten
        if layer.op == ops.RESHAPE:
            sizes = list(layer.shape)
            if layer.batch_dim is not None:
                sizes.insert(layer.batch_dim, -1)
            return aten.reshape.default, (inputs[0], sizes)
        if layer.op == ops.PERMUTE:
            return aten.permute.default, (inputs[0], list(layer.integers("dims")))
        if layer.op == ops.CAT:
            return aten.cat.default, (inputs, layer.integer("dim"))
        bounds = [layer.integer(key) for key in ("dim", "start", "end")]
        return aten.slice.Tensor, (inputs[0], *bounds)

    def _batch_size(self, multiple: int) -> fx.Node:
        if self._batch is None:
            size = torch.ops.aten.sym_size.int
            source = self._nodes[INPUT]
            with self._graph.inserting_after(source):
                self._batch = self._graph.call_function(size, (source, 0))
        if multiple == 1:
            return self._batch
        return self._graph.call_function(operator.mul, (self._batch, multiple))

    def _add_module(self, layer: Layer) -> None:
        """The layer's module, at its path; layers that share their tensors share one."""
        path = self._path(layer)
        owner = self._owners.setdefault(path, layer)
        if module_key(owner) != module_key(layer):
            raise ArchitectureError(
                f"layers {owner.name!r} and {layer.name!r} share a tensor, but are not the same"
            )
        parent, _, name = path.rpartition(".")
        holder = _holder(self._root, parent)
        if not hasattr(holder, name):
            holder.add_module(name, make_module(self._architecture, layer))

    def _path(self, layer: Layer) -> str:
        """Where the layer's module stands: its tensors' common path, else its own name."""
        paths = {name.rpartition(".")[0] for name in layer.tensors.values()}
        if len(paths) > 1 or "" in paths:
            raise ArchitectureError(f"layer {layer.name!r}: its tensors belong to several modules")
        return paths.pop() if paths else layer.name

    def _call_aten(self, layer: Layer, inputs: list[fx.Node]) -> fx.Node:
        arguments = self._argument(layer, layer.attributes.get("args"), inputs)
        keywords = self._keywords(layer, inputs)
        if not isinstance(arguments, list):
            raise ArchitectureError(f"layer {layer.name!r}: attribute 'args' must be a list")
        result = self._graph.call_function(ops.aten_operator(layer.op), tuple(arguments), keywords)
        if "part" not in layer.attributes:
            return result
        return self._graph.call_function(operator.getitem, (result, layer.integer("part")))

    def _keywords(self, layer: Layer, inputs: list[fx.Node]) -> dict[str, fx.node.Argument]:
        keywords = layer.attributes.get("kwargs", {})
        if not isinstance(keywords, dict):
            raise ArchitectureError(f"layer {layer.name!r}: attribute 'kwargs' must be an object")
        if odd := [key for key in keywords if not key.isidentifier()]:
            raise ArchitectureError(f"layer {layer.name!r}: {odd[0]!r} can't be a name")
        return {key: self._argument(layer, value, inputs) for key, value in keywords.items()}

    def _argument(self, layer: Layer, value: Attribute, inputs: list[fx.Node]) -> fx.node.Argument:
        if isinstance(value, list):
            return [self._argument(layer, item, inputs) for item in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"input": int(index)} if 0 <= index < len(inputs):
                return inputs[index]
            case {"tensor": str(role)} if role in layer.tensors:
                return self._tensor(layer.tensors[role])
            case {"batch": int(multiple)}:
                return self._batch_size(int(multiple))
        return _constant(layer, value)

    def _tensor(self, name: str) -> fx.Node:
        """A parameter or buffer that stands in no module of PyTorch's."""
        spec = self._architecture.tensors[name]
        path, _, attribute = name.rpartition(".")
        holder = _holder(self._root, path)
        if not hasattr(holder, attribute):
            value = torch.zeros(spec.shape, dtype=getattr(torch, spec.dtype))
            if spec.trainable:
                holder.register_parameter(attribute, nn.Parameter(value))
            else:
                holder.register_buffer(attribute, value)
        return self._graph.get_attr(name)


def _constant(layer: Layer, value: dict[str, Attribute]) -> fx.node.Argument:
    """An argument that JSON has no form of its own for."""
    match value:
        case {"number": str(name)} if name in NOT_FINITE:
            return float(name)
        case {"dtype": str(name)} if name in DTYPES:
            dtype: torch.dtype = getattr(torch, name)
            return dtype
    raise ArchitectureError(f"layer {layer.name!r}: {value!r} is no argument")


def _expect_name(name: str) -> None:
    """Raises `ArchitectureError` at what `fx` would write into its source as more than a name."""
    if not name.isprintable() or set(name) & set("\"'\\"):
        raise ArchitectureError(f"{name!r} can't be a name")


def _holder(root: nn.Module, path: str) -> nn.Module:
    """The module at `path`, made where there is none."""
    holder = root
    for part in path.split(".") if path else []:
        if not hasattr(holder, part):
            holder.add_module(part, nn.Module())
        holder = holder.get_submodule(part)
    return holder
