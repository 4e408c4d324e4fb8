"""The tensors of a traced network: their values, their names, and which of them are trained."""

from __future__ import annotations

from torch import Tensor
from torch.export import ExportedProgram

from networks.architecture import TensorSpec
from networks.errors import TraceError
from networks.student import RESERVED
from networks.tracing.nodes import dtype_of

_ROLES = frozenset({"weight", "bias", "running_mean", "running_var"})


class TraceTensors:
    """Parameters, buffers and constants of a program by name."""

    def __init__(self, program: ExportedProgram) -> None:
        self._values: dict[str, object] = {**program.constants, **program.state_dict}
        self._trainable = {name for name, _ in program.named_parameters()}
        self._homes: dict[str, str] = {}  # a weight to the path of the module that has it
        self._moved: dict[str, str] = {}  # a tensor of a module to its name there
        self._users: dict[str, tuple[object, ...]] = {}  # what the module at a path does
        read = {node.name for node in program.graph.nodes if node.users}
        specs = program.graph_signature.input_specs
        self._read = {spec.target for spec in specs if spec.arg.name in read}
        self._roots = {name.partition(".")[0] for name in self._values}

    def __getitem__(self, name: str) -> Tensor:
        value = self._values.get(name)
        if not isinstance(value, Tensor):
            raise TraceError(f"the graph has no tensor {name!r}")
        return value

    def spec(self, name: str) -> TensorSpec:
        """Its shape and type, and whether it is trained."""
        value = self[name]
        return TensorSpec(tuple(value.shape), name in self._trainable, dtype_of(value, name))

    def add(self, name: str, value: Tensor) -> None:
        """A constant that the network computes."""
        self._values[name] = value

    def safe(self, name: str) -> str:
        """A name whose first part can be a child of a built network."""
        first, dot, rest = name.partition(".")
        while first in RESERVED or (first != name.partition(".")[0] and first in self._roots):
            first += "_"
        return f"{first}{dot}{rest}"

    def final(self, name: str) -> str:
        """The tensor's name in the architecture: that in its module, if it has one."""
        final = self.safe(self._moved.get(name, name))
        self._move(name, final)
        return final

    def in_module(
        self, base: str, tensors: dict[str, str], does: tuple[object, ...]
    ) -> dict[str, str] | None:
        """The tensors' names in a module of PyTorch's that can hold them.

        Tensors that stand in the network itself or have names of their own (`in_proj_weight`) get
        other names, the same ones for all layers that share them.

        Args:
            base: The path for tensors that stand in the network itself.
            tensors: Role (`weight`, …) to name.
            does: What the module must do for its layer: operator, attributes.

        Returns:
            `None` if a tensor is in another module already, or in one that does something else
            or that has another tensor which the network reads.
        """
        first = next(iter(tensors.values()))
        path, _, attribute = first.rpartition(".")
        home = path
        if not path or any(name != f"{path}.{role}" for role, name in tensors.items()):
            stem = attribute.removesuffix("weight").rstrip("_")
            if first not in self._homes:
                self._homes[first] = self._free(".".join(filter(None, (path, stem))) or base)
            home = self._homes[first]
        moved = {role: f"{home}.{role}" for role in tensors}
        others = _ROLES - tensors.keys()
        if any(f"{home}.{role}" in self._read for role in others):
            return None
        if any(self._moved.get(name, moved[role]) != moved[role] for role, name in tensors.items()):
            return None
        does = (*does, tensors)
        if self._users.setdefault(home, does) != does:
            return None
        for role, name in tensors.items():
            self._moved[name] = moved[role]
            self._move(name, moved[role])
        return moved

    def _move(self, name: str, new: str) -> None:
        self._values[new] = self[name]
        if name in self._trainable:
            self._trainable.add(new)

    def _free(self, home: str) -> str:
        taken = set(self._homes.values())
        numbered = (f"{home}#{number}" for number in range(2, len(taken) + 3))
        return next(each for each in (home, *numbered) if each not in taken)
