"""Which values of a traced graph lie on the same memory: what changes one in place changes others.

Export leaves in-place operators and views as they are: `y[:, :8] += h` is a slice of a slice of
`y`, and an addition to it.
"""

from __future__ import annotations

import operator
from itertools import dropwhile
from typing import NamedTuple

from torch import fx
from torch._ops import OpOverload

from networks import operators as ops
from networks.tracing.nodes import argument, input_of, operator_name, pure_name, value_of
from networks.tracing.operators import is_whole_slice

_MAY_COPY = (ops.CONVERSIONS - {ops.EXPAND}) | {"contiguous"}


def is_identity(node: fx.Node, name: str) -> bool:
    """Whether a call of the operator `name` gives its first argument as it is."""
    if name in ops.IDENTITIES or is_whole_slice(node, name):
        return True
    if pure_name(name) == ops.DROPOUT:
        return argument(node, 1) == 0
    if name not in ops.CONVERSIONS or not isinstance(node.args[0], fx.Node):
        return False
    old, new = value_of(input_of(node)), value_of(node)
    return str(old.shape) == str(new.shape) and old.dtype == new.dtype  # sizes may be symbols


def source_of(node: fx.Node) -> fx.Node | None:
    """The node on whose memory a node's value lies; `None` if it has memory of its own.

    The operator's schema tells: `slice.Tensor(Tensor(a) self, …) -> Tensor(a)`.
    """
    if node.target is operator.getitem:
        return source_of(input_of(node))
    if not isinstance(node.target, OpOverload) or not node.args:
        return None
    schema = ops.schema_of(node.target)
    if schema.arguments[0].alias_info is None or not any(r.alias_info for r in schema.returns):
        return None
    base, name = input_of(node), operator_name(node)
    if name in _MAY_COPY and not (
        is_identity(node, name) and (name != "contiguous" or value_of(base).is_contiguous())
    ):
        return None
    return base


def is_whole(node: fx.Node) -> bool:
    """Whether a node that lies on another's memory is all of it as it is, not a view of it."""
    if not isinstance(node.target, OpOverload):
        return False
    return ops.schema_of(node.target).is_mutable or is_identity(node, operator_name(node))


def read_later(changed: fx.Node, by: fx.Node) -> list[fx.Node]:
    """The values made before `by`, and read after it, that lie on the memory that it changes.

    Args:
        changed: What is changed in place; it is left out.
        by: The call that does so.
    """
    family = [_path(changed)[0]]
    for node in family:
        family += [
            user
            for user in node.users
            if user < by and user.args[0] is node and source_of(user) is not None
        ]
    return sorted(
        node
        for node in dict.fromkeys(family)
        if node is not changed
        and any(user > by for user in node.users)
        and not _are_apart(changed, node)
    )


def _path(node: fx.Node) -> list[fx.Node]:
    """From the value that has the memory to `node`, each lying on the one before."""
    path = [node]
    while (base := source_of(path[0])) is not None:
        path.insert(0, base)
    return path


def _are_apart(first: fx.Node, second: fx.Node) -> bool:
    """Whether two views of one value are parts of it that don't overlap, as far as can be told."""
    views = [[each for each in _path(node)[1:] if not is_whole(each)] for node in (first, second)]
    differing = dropwhile(lambda pair: pair[0] is pair[1], zip(*views, strict=False))
    return any(_are_other_parts(*pair) for pair in list(differing)[:1])


def _are_other_parts(first: fx.Node, second: fx.Node) -> bool:
    """Whether two views of one value are other parts of a split, or other spans of a dimension."""
    if first.target is operator.getitem and second.target is operator.getitem:
        return input_of(first) is input_of(second) and bool(first.args[1] != second.args[1])
    span, other = _span(first), _span(second)
    if span is None or other is None or span.dim != other.dim:
        return False
    return span.end <= other.start or other.end <= span.start


class _Span(NamedTuple):
    dim: int
    start: int
    end: int


def _span(node: fx.Node) -> _Span | None:
    """What a slice or a selection takes; `None` if that depends on the batch, or for others."""
    name = operator_name(node) if isinstance(node.target, OpOverload) else ""
    if name not in ops.SCATTERS:
        return None
    shape = value_of(input_of(node)).shape
    dim, start = argument(node, 1, 0), argument(node, 2, 0) or 0
    if not isinstance(dim, int) or not isinstance(start, int) or not isinstance(shape[dim], int):
        return None
    size = int(shape[dim])
    start = max(start + size, 0) if start < 0 else start
    if name != "slice.Tensor":
        return _Span(dim % len(shape), start, start + 1)
    end = argument(node, 3)
    if end is not None and not isinstance(end, int):
        return None
    end = size if end is None else end
    return _Span(dim % len(shape), start, end + size if end < 0 else end)
