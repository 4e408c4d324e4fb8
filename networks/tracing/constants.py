"""What a network computes from constants alone, computed once while it is traced.

Swin's attention masks, for one, are drawn in place into a tensor of zeros at each call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, fx
from torch.utils import _pytree as pytree

from networks.errors import TraceError
from networks.tracing.nodes import operator_name, value_of

# They read nothing of their first argument but its type and device.
_LIKE = frozenset({"new_zeros", "new_ones", "new_full", "new_empty"})
_MAKERS = frozenset({"zeros", "ones", "full", "arange", "eye", "linspace", "scalar_tensor"})


def fold(node: fx.Node, known: Mapping[fx.Node, object]) -> object:
    """The value of a call that reads what is known alone; `None` if it reads anything else.

    Raises:
        TraceError: If PyTorch can't compute it.
    """
    name = operator_name(node).partition(".")[0]
    sources = list(node.args)
    if name in _LIKE and isinstance(sources[0], fx.Node):
        sources[0] = torch.empty((), dtype=value_of(sources[0]).dtype, device="cpu")
    keywords = {key: v for key, v in node.kwargs.items() if key != "pin_memory"}
    if "device" in node.kwargs:
        keywords["device"] = "cpu"
    leaves = pytree.tree_leaves((sources, keywords))
    nodes = [leaf for leaf in leaves if isinstance(leaf, fx.Node)]
    if not all(leaf in known for leaf in nodes) or not (nodes or name in _LIKE | _MAKERS):
        return None
    args, kwargs = pytree.tree_map_only(fx.Node, known.__getitem__, (tuple(sources), keywords))
    try:
        with torch.no_grad():
            return node.target(*args, **kwargs)  # type: ignore[operator]
    except RuntimeError as error:
        raise TraceError(f"{node.name} could not be computed: {error}") from error


def as_tensor(value: object) -> Tensor | None:
    """The value, if it is a tensor, on its own memory."""
    return value.detach().clone().contiguous() if isinstance(value, Tensor) else None
