"""An architecture, with weights or without, to a plain `nn.Module`."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, fx, nn
from torch._ops import OpOverload

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer
from networks.architecture_json import Attribute
from networks.errors import ArchitectureError, WeightsError

_BATCH_NORMS: dict[int, type[nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d]] = {
    1: nn.BatchNorm1d,
    2: nn.BatchNorm1d,
    3: nn.BatchNorm2d,
    4: nn.BatchNorm3d,
}


def build(architecture: Architecture, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """A trainable module that computes `architecture`; takes any batch size.

    Convolutions, linear layers, batch norms and dropout are PyTorch's modules under their own
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

    def module(self) -> nn.Module:
        for layer in self._architecture:
            self._nodes[layer.name] = self._node(layer)
        self._graph.output(self._nodes[self._architecture.output])
        return fx.GraphModule(self._root, self._graph, class_name="Student")

    def _node(self, layer: Layer) -> fx.Node:
        if layer.op == INPUT:
            return self._graph.placeholder("x")
        inputs = [self._nodes[name] for name in layer.inputs]
        if layer.op in (ops.CONV, ops.LINEAR, ops.BATCH_NORM, ops.DROPOUT):
            return self._call_module(layer, inputs[0])
        if layer.op in ops.OURS:
            return self._graph.call_function(*self._reshaping(layer, inputs))
        return self._call_aten(layer, inputs)

    def _reshaping(
        self, layer: Layer, inputs: list[fx.Node]
    ) -> tuple[OpOverload, tuple[fx.node.Argument, ...]]:
        """The operator and arguments of what only moves elements."""
        aten = torch.ops.aten
        if layer.op == ops.RESHAPE:
            return aten.reshape.default, (inputs[0], [self._batch_size(), *layer.shape])
        if layer.op == ops.PERMUTE:
            return aten.permute.default, (inputs[0], list(layer.integers("dims")))
        if layer.op == ops.CAT:
            return aten.cat.default, (inputs, layer.integer("dim"))
        bounds = [layer.integer(key) for key in ("dim", "start", "end")]
        return aten.slice.Tensor, (inputs[0], *bounds)

    def _batch_size(self) -> fx.Node:
        if self._batch is None:
            size = torch.ops.aten.sym_size.int
            source = self._nodes[INPUT]
            with self._graph.inserting_after(source):
                self._batch = self._graph.call_function(size, (source, 0))
        return self._batch

    def _call_module(self, layer: Layer, source: fx.Node) -> fx.Node:
        path = self._path(layer)
        if path not in dict(self._root.named_modules()):
            parent, _, name = path.rpartition(".")
            _holder(self._root, parent).add_module(name, self._make(layer))
        return self._graph.call_module(path, (source,))

    def _path(self, layer: Layer) -> str:
        """Where the layer's module stands: its tensors' common path, else its own name."""
        paths = {name.rpartition(".")[0] for name in layer.tensors.values()}
        if len(paths) > 1 or "" in paths:
            raise ArchitectureError(f"layer {layer.name!r}: its tensors belong to several modules")
        return paths.pop() if paths else layer.name

    def _make(self, layer: Layer) -> nn.Module:
        if layer.op == ops.DROPOUT:
            return nn.Dropout(_number(layer, "p"))
        if layer.op == ops.BATCH_NORM:
            return self._batch_norm(layer)
        shape = self._architecture.tensors[layer.tensors["weight"]].shape
        bias = "bias" in layer.tensors
        if layer.op == ops.LINEAR:
            return nn.Linear(shape[1], shape[0], bias=bias)
        groups = layer.integer("groups")
        padding = layer.attributes.get("padding")
        return nn.Conv2d(
            shape[1] * groups,
            shape[0],
            kernel_size=(shape[2], shape[3]),
            stride=_pair(layer, "stride"),
            padding=padding if isinstance(padding, str) else _pair(layer, "padding"),
            dilation=_pair(layer, "dilation"),
            groups=groups,
            bias=bias,
        )

    def _batch_norm(self, layer: Layer) -> nn.Module:
        channels = self._architecture.tensors[layer.tensors["running_mean"]].shape[0]
        kind = _BATCH_NORMS[len(layer.shape)]
        eps, momentum = _number(layer, "eps"), _number(layer, "momentum")
        return kind(channels, eps=eps, momentum=momentum, affine="weight" in layer.tensors)

    def _call_aten(self, layer: Layer, inputs: list[fx.Node]) -> fx.Node:
        operator = ops.aten_operator(layer.op)
        arguments = self._argument(layer, layer.attributes.get("args"), inputs)
        keywords = self._keywords(layer, inputs)
        if not isinstance(arguments, list):
            raise ArchitectureError(f"layer {layer.name!r}: attribute 'args' must be a list")
        return self._graph.call_function(operator, tuple(arguments), keywords)

    def _keywords(self, layer: Layer, inputs: list[fx.Node]) -> dict[str, fx.node.Argument]:
        keywords = layer.attributes.get("kwargs", {})
        if not isinstance(keywords, dict):
            raise ArchitectureError(f"layer {layer.name!r}: attribute 'kwargs' must be an object")
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
            case {"batch": True}:
                return self._batch_size()
        raise ArchitectureError(f"layer {layer.name!r}: {value!r} is no argument")

    def _tensor(self, name: str) -> fx.Node:
        """A parameter or buffer that stands in no module of PyTorch's."""
        spec = self._architecture.tensors[name]
        path, _, attribute = name.rpartition(".")
        holder = _holder(self._root, path)
        if not hasattr(holder, attribute):
            value = torch.zeros(spec.shape)
            if spec.trainable:
                holder.register_parameter(attribute, nn.Parameter(value))
            else:
                holder.register_buffer(attribute, value)
        return self._graph.get_attr(name)


def _holder(root: nn.Module, path: str) -> nn.Module:
    """The module at `path`, made where there is none."""
    holder = root
    for part in path.split(".") if path else []:
        if not hasattr(holder, part):
            holder.add_module(part, nn.Module())
        holder = holder.get_submodule(part)
    return holder


def _number(layer: Layer, attribute: str) -> float:
    value = layer.attributes.get(attribute)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArchitectureError(f"layer {layer.name!r}: {attribute!r} must be a number: {value!r}")
    return float(value)


def _pair(layer: Layer, attribute: str) -> tuple[int, int]:
    values = layer.integers(attribute)
    if len(values) != 2:
        raise ArchitectureError(f"layer {layer.name!r}: {attribute!r} must be two integers")
    return values[0], values[1]
