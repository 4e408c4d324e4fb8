"""Runs an architecture without memory for its tensors: are its shapes as declared, how large?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from networks.architecture import Architecture, Layer
from networks.intake.limits import TeacherFileError, TeacherLimits
from networks.intake.weights_file import dtype_name
from networks.student import build

BATCH = 3


def dry_run(architecture: Architecture, limits: TeacherLimits, where: str) -> None:
    """Builds and runs `architecture` on fake tensors, and checks each layer's shape and memory.

    Args:
        architecture: Of safe operators only: they run, if on nothing.
        limits: `max_activation_bytes` bounds what is held at once for one image.
        where: The upload's field that errors name.

    Raises:
        TeacherFileError: If a layer can't run, gives another shape than it declares, or needs
            more memory; or if the tensors are not those that the layers use.
    """
    with FakeTensorMode(), torch.no_grad():
        try:
            module = build(architecture).eval()
        except Exception as error:  # PyTorch raises many kinds, with no root of their own
            detail = f"the network can't be built: {first_line(error)}"
            raise TeacherFileError(where, detail) from error
        _expect_tensors(architecture, module, where)
        meter = _Meter(limits.max_activation_bytes * BATCH)
        images = torch.empty(BATCH, *architecture.input_shape)
        with meter:
            _DryRun(module, architecture, meter, where).run(images)


def first_line(error: BaseException) -> str:
    """The first line in which an error says something, at most 300 characters of it."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)[:300]


def _expect_tensors(architecture: Architecture, module: nn.Module, where: str) -> None:
    """The built module has exactly the declared tensors: shapes, types, and which are trained."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    state = {**parameters, **dict(module.named_buffers(remove_duplicate=False))}
    for name, spec in architecture.tensors.items():
        if name not in state:
            raise TeacherFileError(where, f"no layer of the network uses tensor {name!r}")
        if tuple(state[name].shape) != spec.shape:
            raise TeacherFileError(
                where,
                f"tensor {name!r} is declared with shape {spec.shape}, "
                f"its layer has {tuple(state[name].shape)}",
            )
        if (dtype := dtype_name(state[name].dtype)) != spec.dtype:
            raise TeacherFileError(
                where, f"tensor {name!r} is declared {spec.dtype}, its layer has {dtype}"
            )
        if spec.trainable != (name in parameters):
            kinds = ("trainable", "not trainable")
            declared, built = kinds if spec.trainable else kinds[::-1]
            raise TeacherFileError(
                where, f"tensor {name!r} is declared {declared}, in its layer it is {built}"
            )
    for name in state:
        if name not in architecture.tensors and not name.endswith("num_batches_tracked"):
            raise TeacherFileError(where, f"a layer needs tensor {name!r}, which is not declared")


class _OverLimitError(Exception):
    """Raised when more bytes are asked for than the limit."""


class _Meter(TorchDispatchMode):
    """Counts the bytes that operators give, on top of what is held."""

    def __init__(self, limit: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._limit = limit
        self.used = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        result = func(*args, **(kwargs or {}))
        outputs = result if isinstance(result, list | tuple) else [result]
        self.used += sum(map(_bytes_of, outputs))
        if self.used > self._limit:
            raise _OverLimitError
        return result


class _DryRun(fx.Interpreter):
    """Runs node by node; `build` says in a node's `meta` which layer it is."""

    def __init__(
        self, module: nn.Module, architecture: Architecture, meter: _Meter, where: str
    ) -> None:
        if not isinstance(module, fx.GraphModule):
            raise TypeError("built networks are graph modules")
        super().__init__(module)
        self._architecture = architecture
        self._meter = meter
        self._where = where

    def run_node(self, n: fx.Node) -> object:
        name = n.meta.get("layer")
        layer = self._architecture[name] if name is not None else None
        title = f"layer {layer.name!r} ({layer.op})" if layer else f"what {n.name} computes"
        self._meter.used = sum(map(_bytes_of, self.env.values()))
        try:
            value = super().run_node(n)
        except _OverLimitError as error:
            detail = f"{title} needs more memory for one image than a teacher may"
            raise TeacherFileError(self._where, detail) from error
        except Exception as error:  # each operator raises kinds of its own
            raise TeacherFileError(
                self._where, f"{title} can't run on its inputs: {first_line(error)}"
            ) from error
        if layer is not None:
            self._expect_shape(layer, title, value)
        return value

    def _expect_shape(self, layer: Layer, title: str, value: object) -> None:
        expected = list(layer.shape)
        if layer.batch_dim is not None:
            expected.insert(layer.batch_dim, BATCH * layer.repeats)
        if not isinstance(value, Tensor) or list(value.shape) != expected:
            given = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise TeacherFileError(
                self._where,
                f"{title} is declared with shape {list(layer.shape)}, "
                f"which is {expected} for {BATCH} images; it gives {given}",
            )


def _bytes_of(value: object) -> int:
    return value.numel() * value.element_size() if isinstance(value, Tensor) else 0
